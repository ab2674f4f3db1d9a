/** The utility instance in the plan: its AMI, its volumes, and where it may run. */

import { amazonLinux2023, describeUtilityAmi } from '../../aws/account.js';
import type { Config } from '../../config/schema.js';
import { EC2_UTILITY_EXCEPTION, ServiceError } from '../../model/errors.js';
import { ec2Arch } from '../../model/ids/variant.js';
import type { UtilityPlan } from '../../model/plan/plan.js';
import type { ActivityContext } from '../attempt/context.js';
import type { ImageSize } from './image-size.js';
import { optional } from './optional.js';

const GIB = 1024 ** 3;

export interface UtilityAmi {
  readonly ami: string;
  readonly rootDevice: string;
  readonly rootSizeGiB: number;
}

/** Rejects when the account does not see the configured AMI, or when it is for another architecture. */
export async function resolveUtilityAmi(
  { aws, config }: ActivityContext,
  signal: AbortSignal,
): Promise<UtilityAmi> {
  const [first] = config.amis;
  const ec2 = aws.region(first.region);
  const ami =
    first.ami === 'al2023' ? await amazonLinux2023(ec2, ec2Arch(first.arch), signal) : first.ami;
  const image = await describeUtilityAmi(ec2, ami, signal);
  if (image?.RootDeviceName === undefined) {
    throw utilityAmiUnusable(`${ami} does not exist in ${first.region}`, ami);
  }
  if (image.Architecture !== ec2Arch(first.arch)) {
    throw utilityAmiUnusable(`${ami} is for ${image.Architecture}, not ${first.arch}`, ami);
  }
  const root = image.BlockDeviceMappings?.find(
    ({ DeviceName }) => DeviceName === image.RootDeviceName,
  );
  return { ami, rootDevice: image.RootDeviceName, rootSizeGiB: root?.Ebs?.VolumeSize ?? 8 };
}

export function planUtility(config: Config, ami: UtilityAmi, size: ImageSize): UtilityPlan {
  const { utility, amis } = config;
  const volumeSizeGiB =
    size.rawSizeBytes === undefined
      ? utility.fallbackVolumeSizeGiB
      : Math.max(1, Math.ceil(size.rawSizeBytes / GIB));
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
    rootSizeGiB: ami.rootSizeGiB + downloadGiB,
    deadManMinutes: utility.deadManMinutes,
  };
}

function utilityAmiUnusable(what: string, ami: string): ServiceError {
  return new ServiceError(EC2_UTILITY_EXCEPTION, what, {
    code: 'utility-ami',
    class: 'refused',
    next: 'Correct the first item of [[amis]]: "al2023" always names the newest Amazon Linux 2023.',
    resource: ami,
  });
}
