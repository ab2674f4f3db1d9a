/** About how long a publication takes and what it costs: for an operator who decides, not for a bill. */

import { partitionOf } from '../partition.js';
import type { Step } from '../progress/progress.js';
import type { ImagePlan } from './plan.js';
import { plannedRawBytes } from './plan.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/**
 * Durations of steps, in seconds. EC2 promises none. A boot with its SSM agent takes two to five minutes, a snapshot
 * copy up to half an hour; a gp3 volume has 125 MiB/s (EBS user guide, "gp3") or what is provisioned.
 */
const SECONDS = { plan: 10, boot: 180, register: 30, perCopy: 900, publish: 60 } as const;
const VOLUME_MIB_PER_SECOND = 125;
/** Of one thread of xz, which writes more slowly than the volume takes it. */
const UNPACKED_BYTES_PER_SECOND = 125 * MIB;
/** Of the servers of a distribution, as a careful guess. */
const DOWNLOAD_BYTES_PER_SECOND = 20 * MIB;
/** Between regions, a copy is slower than EBS's 500 MiB/s within one. */
const COPY_BYTES_PER_SECOND = 50 * MIB;
const SNAPSHOT_BYTES_PER_SECOND = 50 * MIB;
/** A careful guess: EBS takes up to 1,000 blocks of 512 KiB a second, and one core of the worker reads the image. */
const DIRECT_BYTES_PER_SECOND = 100 * MIB;
/** A test script that takes its whole time has failed; most take a small part of it. */
const TEST_SHARE = 0.1;

/**
 * US dollars in us-east-1: aws.amazon.com/ebs/pricing (snapshots, standard tier), aws.amazon.com/ec2/pricing/on-demand
 * (data transfer to other regions; a large instance of the current generations, rounded up). A GiB has 2,048 blocks; EBS
 * takes $0.006 for a thousand that are written, and $0.003 for a thousand that are read. Other regions cost up to twice
 * as much.
 */
const USD = {
  snapshotGibMonth: 0.05,
  transferGib: 0.02,
  instanceHour: 0.1,
  directGib: 0.02,
} as const;

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
  const rawBytes = plannedRawBytes(plan);
  const downloadBytes = plan.compressedSizeBytes ?? rawBytes;
  const copies = plan.copies.filter(({ unusable }) => unusable === undefined).length;
  const tests = plan.test.variants.length;
  const test = tests * (SECONDS.boot + plan.test.timeoutSeconds * TEST_SHARE);
  const copy = SECONDS.perCopy + rawBytes / COPY_BYTES_PER_SECOND;
  return {
    plan: SECONDS.plan,
    utility: plan.direct === undefined ? SECONDS.boot : 0,
    write: writeSeconds(plan, rawBytes, downloadBytes),
    register: SECONDS.register,
    // The first test instance is launched meanwhile; its boot belongs to the test.
    retire: 0,
    test,
    // Copies that begin with the test go on behind it.
    copy: copies === 0 ? 0 : Math.max(0, copy - (plan.copyStart === 'with-test' ? test : 0)),
    publish: SECONDS.publish,
  };
}

function writeSeconds(plan: ImagePlan, rawBytes: number, downloadBytes: number): number {
  const download = downloadBytes / DOWNLOAD_BYTES_PER_SECOND;
  if (plan.direct !== undefined) {
    // The download and the writing go on at the same time; the reading comes behind.
    const once = rawBytes / DIRECT_BYTES_PER_SECOND;
    return Math.max(download, once) + once;
  }
  return (
    download +
    rawBytes / UNPACKED_BYTES_PER_SECOND +
    rawBytes / ((plan.utility?.volumeThroughputMiB ?? VOLUME_MIB_PER_SECOND) * MIB) +
    rawBytes / SNAPSHOT_BYTES_PER_SECOND
  );
}

export function estimateOf(plan: ImagePlan): Estimate {
  const rawBytes = plannedRawBytes(plan);
  const copies = plan.copies.filter(({ unusable }) => unusable === undefined).length;
  const steps = stepSeconds(plan);
  const seconds = Object.values(steps).reduce((sum, one) => sum + one, 0);
  const ofUtility = plan.direct === undefined ? steps.utility + steps.write : 0;
  const instanceHours = (ofUtility + steps.test) / SECONDS_PER_HOUR;
  const snapshotGib = (rawBytes / GIB) * (1 + copies);
  const { hasStandardPrices } = partitionOf(plan.homeRegion);
  const priced = (usd: number) => (hasStandardPrices ? usd : null);
  return {
    seconds: Math.ceil(seconds / 60) * 60,
    onceUsd: priced(
      instanceHours * USD.instanceHour +
        (rawBytes / GIB) *
          (copies * USD.transferGib + (plan.direct === undefined ? 0 : USD.directGib)),
    ),
    monthlyUsd: priced(snapshotGib * USD.snapshotGibMonth),
    instanceHours,
    snapshotGib,
  };
}
