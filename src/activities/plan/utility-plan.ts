/** The utility instance in the plan: its AMI, its volumes, and where it may run; or the snapshot in its place. */

import { deprecatedSince, imageById } from '../../aws/account.js';
import { parameterOf, parameterValue } from '../../aws/ami-source.js';
import type { RegionAccess } from '../../aws/region-access.js';
import type { AmiItem, Config } from '../../config/schema.js';
import { EC2_UTILITY_EXCEPTION, ServiceError } from '../../model/errors.js';
import { shownText } from '../../model/printable.js';
import { ec2Arch } from '../../model/ids/variant.js';
import type { DirectPlan, UtilityPlan } from '../../model/plan/plan.js';
import type { PlanContext } from './plan-context.js';
import type { ImageSize } from './image-size.js';
import { optional } from './optional.js';

const GIB = 1024 ** 3;

export interface UtilityAmi {
  readonly ami: string;
  readonly rootDevice: string;
  readonly rootSizeGiB: number;
  readonly warnings: readonly string[];
}

/** Rejects when the account does not see the configured AMI, or when it is for another architecture. */
export async function resolveUtilityAmi(
  { aws, config }: PlanContext,
  signal: AbortSignal,
): Promise<UtilityAmi> {
  const [first] = config.amis;
  const ec2 = aws.region(first.region);
  const ami = await idOf(ec2, first, signal);
  const image = await imageById(ec2, ami, signal);
  if (image?.RootDeviceName === undefined) {
    throw utilityAmiUnusable(`${ami} does not exist in ${first.region}`, ami);
  }
  if (image.Architecture !== ec2Arch(first.arch)) {
    throw utilityAmiUnusable(`${ami} is for ${image.Architecture}, not ${first.arch}`, ami);
  }
  const root = image.BlockDeviceMappings?.find(
    ({ DeviceName }) => DeviceName === image.RootDeviceName,
  );
  const since = deprecatedSince(image, Date.now());
  const warnings =
    since === undefined
      ? []
      : [
          `the AMI of the utility instance, ${ami} in ${first.region}, is deprecated since ${since}; name a newer one in the first item of [[amis]], or "al2023" for the newest Amazon Linux 2023`,
        ];
  const rootSizeGiB = root?.Ebs?.VolumeSize ?? 8;
  return { ami, rootDevice: image.RootDeviceName, rootSizeGiB, warnings };
}

/** The id that the plan keeps: a parameter may name another AMI tomorrow. */
async function idOf(
  ec2: RegionAccess,
  { ami, arch, region }: AmiItem,
  signal: AbortSignal,
): Promise<string> {
  const name = parameterOf(ami, ec2Arch(arch));
  if (name === undefined) return ami;
  const value = await parameterValue(ec2, name, signal);
  if (value === undefined) {
    throw utilityAmiUnusable(`${region} has no SSM parameter ${name}`, name);
  }
  if (!value.startsWith('ami-')) {
    throw utilityAmiUnusable(
      `the SSM parameter ${name} in ${region} has the value ${shownText(value)}, which is not the id of an AMI`,
      name,
    );
  }
  return value;
}

export function planUtility(config: Config, ami: UtilityAmi, size: ImageSize): UtilityPlan {
  const { utility, amis } = config;
  const volumeSizeGiB = sizeGiB(config, size);
  // The download is kept on the root volume until it is verified.
  const downloadGiB = Math.ceil((size.compressedSizeBytes ?? volumeSizeGiB * GIB) / GIB) + 1;
  const zones = utility.zones.length === 0 ? [undefined] : utility.zones;
  return {
    ami: ami.ami,
    arch: amis[0].arch,
    rootDevice: ami.rootDevice,
    placements: utility.instanceTypes.flatMap((instanceType) =>
      zones.map((zone) => (zone === undefined ? { instanceType } : { instanceType, zone })),
    ),
    ...optional('instanceProfile', utility.instanceProfile),
    ...optional('subnet', utility.subnet),
    ...optional('securityGroup', utility.securityGroup),
    volumeType: utility.volumeType,
    volumeSizeGiB,
    ...(utility.volumeType === 'gp3' ? { volumeThroughputMiB: utility.volumeThroughputMib } : {}),
    rootSizeGiB: ami.rootSizeGiB + downloadGiB,
    deadManMinutes: utility.deadManMinutes,
  };
}

/** EBS direct APIs reference, StartSnapshot: a Timeout of 10 to 4320 minutes. */
const IDLE_MINUTES_MAX = 4_320;

/** `utility.dead_man_minutes` says for either strategy how long a write that stands still is kept. */
export function planDirect(config: Config, size: ImageSize): DirectPlan {
  const idleMinutes = Math.min(config.utility.deadManMinutes, IDLE_MINUTES_MAX);
  return { snapshotSizeGiB: sizeGiB(config, size), idleMinutes };
}

function sizeGiB({ utility }: Config, { rawSizeBytes }: ImageSize): number {
  if (rawSizeBytes === undefined) return utility.fallbackVolumeSizeGiB;
  return Math.max(1, Math.ceil(rawSizeBytes / GIB));
}

function utilityAmiUnusable(what: string, ami: string): ServiceError {
  return new ServiceError(EC2_UTILITY_EXCEPTION, what, {
    code: 'utility-ami',
    class: 'refused',
    next: 'Correct the first item of [[amis]]: "al2023" always names the newest Amazon Linux 2023.',
    resource: ami,
  });
}
