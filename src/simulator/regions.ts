/** The regions of each partition: opt-in status, availability zones, and where paravirtual kernels are. */

import type { PartitionName } from './partition.js';
import { partitionOfRegion } from './partition.js';

/** An availability zone of the account and its id, which is the same for every account. */
export interface Zone {
  readonly name: string;
  readonly id: string;
}

export interface Region {
  readonly name: string;
  /** Whether an account has to enable it first. */
  readonly optIn: boolean;
  readonly zones: readonly Zone[];
}

/**
 * Name, prefix of zone ids, letters of the zones. AWS account management guide, "Regions": the first
 * group is enabled by default, the second must be enabled; names as in botocore's endpoints.json.
 */
const enabledByDefault: readonly (readonly [string, string, string])[] = [
  ['ap-northeast-1', 'apne1', 'acd'],
  ['ap-northeast-2', 'apne2', 'abcd'],
  ['ap-northeast-3', 'apne3', 'abc'],
  ['ap-south-1', 'aps1', 'abc'],
  ['ap-southeast-1', 'apse1', 'abc'],
  ['ap-southeast-2', 'apse2', 'abc'],
  ['ca-central-1', 'cac1', 'abd'],
  ['eu-central-1', 'euc1', 'abc'],
  ['eu-north-1', 'eun1', 'abc'],
  ['eu-west-1', 'euw1', 'abc'],
  ['eu-west-2', 'euw2', 'abc'],
  ['eu-west-3', 'euw3', 'abc'],
  ['sa-east-1', 'sae1', 'abc'],
  ['us-east-1', 'use1', 'abcdef'],
  ['us-east-2', 'use2', 'abc'],
  ['us-west-1', 'usw1', 'ac'],
  ['us-west-2', 'usw2', 'abcd'],
];

/**
 * docs.amazonaws.cn, "Amazon Web Services China", general information: two regions of three zones. AWS GovCloud (US)
 * user guide, "Regions": the same. An account of the partition has both.
 */
const ofOtherPartitions: readonly (readonly [string, string, string])[] = [
  ['cn-north-1', 'cnn1', 'abd'],
  ['cn-northwest-1', 'cnnw1', 'abc'],
  ['us-gov-east-1', 'usge1', 'abc'],
  ['us-gov-west-1', 'usgw1', 'abc'],
];

const optIn: readonly (readonly [string, string, string])[] = [
  ['af-south-1', 'afs1', 'abc'],
  ['ap-east-1', 'ape1', 'abc'],
  ['ap-east-2', 'ape2', 'abc'],
  ['ap-south-2', 'aps2', 'abc'],
  ['ap-southeast-3', 'apse3', 'abc'],
  ['ap-southeast-4', 'apse4', 'abc'],
  ['ap-southeast-5', 'apse5', 'abc'],
  ['ap-southeast-6', 'apse6', 'abc'],
  ['ap-southeast-7', 'apse7', 'abc'],
  ['ca-west-1', 'caw1', 'abc'],
  ['eu-central-2', 'euc2', 'abc'],
  ['eu-south-1', 'eus1', 'abc'],
  ['eu-south-2', 'eus2', 'abc'],
  ['il-central-1', 'ilc1', 'abc'],
  ['me-central-1', 'mec1', 'abc'],
  ['me-south-1', 'mes1', 'abc'],
  ['mx-central-1', 'mxc1', 'abc'],
];

function toRegion(needsOptIn: boolean) {
  return ([name, zonePrefix, letters]: readonly [string, string, string]): Region => ({
    name,
    optIn: needsOptIn,
    zones: [...letters].map((letter, index) => ({
      name: `${name}${letter}`,
      id: `${zonePrefix}-az${index + 1}`,
    })),
  });
}

/** Of all partitions: for a region of which is known that the cloud has it. */
export const regions: ReadonlyMap<string, Region> = new Map(
  [
    ...enabledByDefault.map(toRegion(false)),
    ...ofOtherPartitions.map(toRegion(false)),
    ...optIn.map(toRegion(true)),
  ]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((region) => [region.name, region]),
);

/** Those that the cloud's account can have; regions of another partition do not exist for it. */
export function regionsOf({
  settings: { partition },
}: {
  readonly settings: { readonly partition: PartitionName };
}): ReadonlyMap<string, Region> {
  return byPartition[partition];
}

const within = (partition: PartitionName): ReadonlyMap<string, Region> =>
  new Map([...regions].filter(([name]) => partitionOfRegion(name) === partition));

const byPartition: Readonly<Record<PartitionName, ReadonlyMap<string, Region>>> = {
  aws: within('aws'),
  'aws-cn': within('aws-cn'),
  'aws-us-gov': within('aws-us-gov'),
};

/** EC2 user guide, "User provided kernels": the pv-grub-hd0_1.05 kernels of each region that has them. */
export const paravirtualKernels: ReadonlyMap<string, readonly [x86_64: string, i386: string]> =
  new Map([
    ['ap-northeast-1', ['aki-7077ab11', 'aki-f975a998']],
    ['ap-southeast-1', ['aki-73a50110', 'aki-17a40074']],
    ['ap-southeast-2', ['aki-66506305', 'aki-ba5665d9']],
    ['eu-central-1', ['aki-931fe3fc', 'aki-1419e57b']],
    ['eu-west-1', ['aki-dc9ed9af', 'aki-1c9fd86f']],
    ['sa-east-1', ['aki-912fbcfd', 'aki-7cd34110']],
    ['us-east-1', ['aki-5c21674b', 'aki-04206613']],
    ['us-west-1', ['aki-59cc8239', 'aki-43cf8123']],
    ['us-west-2', ['aki-70cb0e10', 'aki-7a69931a']],
  ]);

export function isEnabled(region: Region, optedIn: readonly string[]): boolean {
  return !region.optIn || optedIn.includes(region.name);
}

/** The zone's id, which is the same place in every account. */
export function zoneId(region: string, zone: string): string | undefined {
  return regions.get(region)?.zones.find((candidate) => candidate.name === zone)?.id;
}
