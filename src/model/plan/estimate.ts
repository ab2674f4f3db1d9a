/** About how long a publication takes and what it costs: for an operator who decides, not for a bill. */

import { partitionOf } from '../partition.js';
import type { Step } from '../progress/progress.js';
import type { ImagePlan } from './plan.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/**
 * Durations of steps, in seconds. EC2 promises none. A boot with its SSM agent takes two to five minutes, a snapshot
 * copy up to half an hour; the volume writes 125 MiB/s (EBS user guide, "gp3"), and the read-back reads as fast.
 */
const SECONDS = { plan: 10, boot: 180, register: 30, perCopy: 900, publish: 60 } as const;
const VOLUME_BYTES_PER_SECOND = 125 * MIB;
/** Of the servers of a distribution, as a careful guess. */
const DOWNLOAD_BYTES_PER_SECOND = 20 * MIB;
/** Between regions, a copy is slower than EBS's 500 MiB/s within one. */
const COPY_BYTES_PER_SECOND = 50 * MIB;
const SNAPSHOT_BYTES_PER_SECOND = 50 * MIB;
/** A test script that takes its whole time has failed; most take a small part of it. */
const TEST_SHARE = 0.1;

/**
 * US dollars in us-east-1: aws.amazon.com/ebs/pricing (snapshots, standard tier), aws.amazon.com/ec2/pricing/on-demand
 * (data transfer to other regions; a large instance of the current generations, rounded up). Other regions cost up to
 * twice as much.
 */
const USD = { snapshotGibMonth: 0.05, transferGib: 0.02, instanceHour: 0.1 } as const;

/** EC2 bills a minute at least, and a stopped instance only to the second (EC2 user guide, "On-Demand Instances"). */
const SECONDS_PER_HOUR = 3600;

export interface Estimate {
  readonly seconds: number;
  /** Paid once: instances, and the transfer of the copies. */
  readonly onceUsd: number | null;
  /** Paid each month while the AMIs exist. Snapshots hold only the blocks that are used, so it is at most this. */
  readonly monthlyUsd: number | null;
  readonly instanceHours: number;
  readonly snapshotGib: number;
}

/** About how long each step takes; the copies of all regions run side by side. */
export function stepSeconds(plan: ImagePlan): Readonly<Record<Step, number>> {
  const rawBytes = plan.rawSizeBytes ?? plan.utility.volumeSizeGiB * GIB;
  const downloadBytes = plan.compressedSizeBytes ?? rawBytes;
  const copies = plan.copies.filter(({ unusable }) => unusable === undefined).length;
  const tests = plan.test.variants.length;
  return {
    plan: SECONDS.plan,
    utility: SECONDS.boot,
    write:
      downloadBytes / DOWNLOAD_BYTES_PER_SECOND +
      (2 * rawBytes) / VOLUME_BYTES_PER_SECOND +
      rawBytes / SNAPSHOT_BYTES_PER_SECOND,
    register: SECONDS.register,
    // The first test instance is launched meanwhile; its boot belongs to the test.
    retire: 0,
    test: tests * (SECONDS.boot + plan.test.timeoutSeconds * TEST_SHARE),
    copy: copies === 0 ? 0 : SECONDS.perCopy + rawBytes / COPY_BYTES_PER_SECOND,
    publish: SECONDS.publish,
  };
}

export function estimateOf(plan: ImagePlan): Estimate {
  const rawBytes = plan.rawSizeBytes ?? plan.utility.volumeSizeGiB * GIB;
  const copies = plan.copies.filter(({ unusable }) => unusable === undefined).length;
  const steps = stepSeconds(plan);
  const seconds = Object.values(steps).reduce((sum, one) => sum + one, 0);
  const instanceHours = (steps.utility + steps.write + steps.test) / SECONDS_PER_HOUR;
  const snapshotGib = (rawBytes / GIB) * (1 + copies);
  const { hasStandardPrices } = partitionOf(plan.homeRegion);
  const priced = (usd: number) => (hasStandardPrices ? usd : null);
  return {
    seconds: Math.ceil(seconds / 60) * 60,
    onceUsd: priced(instanceHours * USD.instanceHour + (rawBytes / GIB) * copies * USD.transferGib),
    monthlyUsd: priced(snapshotGib * USD.snapshotGibMonth),
    instanceHours,
    snapshotGib,
  };
}
