/** What the account has and allows in each region, read before the first resource is made. */

import {
  DescribeRegionsCommand,
  GetEbsEncryptionByDefaultCommand,
  GetImageBlockPublicAccessStateCommand,
  GetSnapshotBlockPublicAccessStateCommand,
} from '@aws-sdk/client-ec2';
import type { Image } from '@aws-sdk/client-ec2';
import { partitionOf } from '../model/partition.js';
import { listImages } from './listing.js';
import type { RegionAccess } from './region-access.js';

/** The regions that are enabled in the account, by name. */
export async function enabledRegions(home: RegionAccess, signal: AbortSignal): Promise<string[]> {
  const { Regions } = await home.ec2.send(new DescribeRegionsCommand({}), { abortSignal: signal });
  return (Regions ?? [])
    .flatMap(({ RegionName }) => (RegionName === undefined ? [] : [RegionName]))
    .sort();
}

export interface AccountRegions {
  readonly enabled: string[];
  /** Regions that the account has not opted in to. */
  readonly disabled: string[];
}

/** All regions of AWS, by name. */
export async function accountRegions(
  home: RegionAccess,
  signal: AbortSignal,
): Promise<AccountRegions> {
  const command = new DescribeRegionsCommand({ AllRegions: true });
  const { Regions } = await home.ec2.send(command, { abortSignal: signal });
  const names = (isDisabled: boolean) =>
    (Regions ?? [])
      .filter(({ OptInStatus }) => (OptInStatus === 'not-opted-in') === isDisabled)
      .flatMap(({ RegionName }) => RegionName ?? [])
      .sort();
  return { enabled: names(false), disabled: names(true) };
}

/** Why AMIs cannot become public in the region, or undefined when they can. */
export async function publicAccessRefusal(
  ec2: RegionAccess,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = { abortSignal: signal };
  const [images, snapshots, encryption] = await Promise.all([
    ec2.ec2.send(new GetImageBlockPublicAccessStateCommand({}), options),
    ec2.ec2.send(new GetSnapshotBlockPublicAccessStateCommand({}), options),
    ec2.ec2.send(new GetEbsEncryptionByDefaultCommand({}), options),
  ]);
  if (images.ImageBlockPublicAccessState === 'block-new-sharing') {
    return `public AMIs are blocked in ${ec2.name}${policy(images.ManagedBy)}: aws ec2 disable-image-block-public-access --region ${ec2.name}`;
  }
  if ((snapshots.State ?? 'unblocked') !== 'unblocked') {
    return `public snapshots are blocked in ${ec2.name}${policy(snapshots.ManagedBy)}: aws ec2 disable-snapshot-block-public-access --region ${ec2.name}`;
  }
  // EBS user guide, ebs-copy-snapshot: the copy would be encrypted, and an encrypted snapshot cannot become public.
  if (encryption.EbsEncryptionByDefault === true) {
    return `EBS encrypts by default in ${ec2.name}: aws ec2 disable-ebs-encryption-by-default --region ${ec2.name}`;
  }
  return undefined;
}

function policy(managedBy: string | undefined): string {
  return managedBy === 'declarative-policy' ? ' by a policy of the organisation' : '';
}

/** The regions in the list of PV-GRUB kernels in the EC2 user guide, "User provided kernels". */
const PV_REGIONS = [
  ...['ap-northeast-1', 'ap-southeast-1', 'ap-southeast-2', 'eu-central-1', 'eu-west-1'],
  ...['sa-east-1', 'us-east-1', 'us-west-1', 'us-west-2'],
];

/** The list is of the standard partition; in the others EC2 is asked. */
function mayHavePvKernel(regionName: string): boolean {
  return partitionOf(regionName).name !== 'aws' || PV_REGIONS.includes(regionName);
}

/** The newest PV-GRUB kernel (AKI) of the region, or undefined. */
export async function pvKernel(
  ec2: RegionAccess,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!mayHavePvKernel(ec2.name)) return undefined;
  const query = {
    Owners: ['amazon'],
    // EC2 hides another owner's deprecated AMIs from a listing; a kernel boots on after its deprecation.
    IncludeDeprecated: true,
    Filters: [
      { Name: 'image-type', Values: ['kernel'] },
      { Name: 'architecture', Values: ['x86_64'] },
      { Name: 'name', Values: ['pv-grub-hd0_*-x86_64.gz'] },
    ],
  };
  const images = await listImages(ec2.ec2, query, signal);
  const newest = images.toSorted((a, b) => (b.Name ?? '').localeCompare(a.Name ?? ''));
  return newest[0]?.ImageId;
}

/** The AMI or kernel (AKI) of this id, also when it is deprecated; undefined when the account sees no such image. */
export async function imageById(
  ec2: RegionAccess,
  id: string,
  signal: AbortSignal,
): Promise<Image | undefined> {
  const query = { IncludeDeprecated: true, Filters: [{ Name: 'image-id', Values: [id] }] };
  const [image] = await listImages(ec2.ec2, query, signal);
  return image;
}

/** The day since which the image is deprecated, as `2026-03-01`; undefined when it is not. */
export function deprecatedSince({ DeprecationTime }: Image, nowMs: number): string | undefined {
  if (DeprecationTime === undefined || !(Date.parse(DeprecationTime) <= nowMs)) return undefined;
  return DeprecationTime.slice(0, 10);
}
