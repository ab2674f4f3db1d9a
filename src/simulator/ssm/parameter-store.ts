/** What Parameter Store holds: Amazon's public image parameters, and the account's own with their versions. */

import type { Cloud } from '../cloud.js';
import { amazonLinuxReleases } from '../ec2/lib/amazon-images.js';
import { withoutArn } from '../partition.js';
import type { Table } from '../store/store.js';

export interface ParameterVersion {
  readonly version: number;
  readonly type: string;
  readonly value: string;
  readonly dataType: string;
  readonly modifiedAt: number;
  labels: readonly string[];
}

export interface ParameterRecord {
  readonly region: string;
  readonly name: string;
  /** The oldest first; at least one. */
  versions: ParameterVersion[];
}

export interface FoundParameter {
  readonly record: ParameterRecord;
  readonly version: ParameterVersion;
  /** The version or label that was asked for. */
  readonly selector?: string;
}

/** Public parameters for the newest Amazon Linux 2023 (EC2 user guide, "Reference the latest AMIs"). */
const publicPrefix = '/aws/service/ami-amazon-linux-latest/';
const publicNames = ['kernel-default', 'kernel-6.1'].flatMap((kernel) =>
  (['arm64', 'x86_64'] as const).map((architecture) => ({
    name: `${publicPrefix}al2023-ami-${kernel}-${architecture}`,
    architecture,
  })),
);

/** Systems Manager user guide, "Working with parameter versions". */
const versionsMax = 100;

export function ownParameters(cloud: Cloud): Table<ParameterRecord> {
  return cloud.store.table<ParameterRecord>('ssm-parameter-versions');
}

export function parameterKey(region: string, name: string): string {
  return `${region} ${name}`;
}

export function ownParameter(
  cloud: Cloud,
  region: string,
  name: string,
): ParameterRecord | undefined {
  return ownParameters(cloud).get(parameterKey(region, name));
}

export function newestVersion({ versions }: ParameterRecord): ParameterVersion {
  return versions[versions.length - 1] as ParameterVersion;
}

/** Keeps a new version of the parameter, drops the oldest of more than 100, and answers its number. */
export function newVersion(
  cloud: Cloud,
  record: ParameterRecord,
  content: Pick<ParameterVersion, 'type' | 'value' | 'dataType'>,
): number {
  const version = (record.versions.at(-1)?.version ?? 0) + 1;
  const added = { ...content, version, modifiedAt: cloud.clock.now(), labels: [] };
  record.versions = [...record.versions, added].slice(-versionsMax);
  ownParameters(cloud).put(parameterKey(record.region, record.name), record);
  return version;
}

export function allParameters(cloud: Cloud, region: string): ParameterRecord[] {
  const published = publicNames.map(({ name, architecture }) => {
    const releases = amazonLinuxReleases(region, architecture, cloud.clock.now());
    const versions = releases.map(({ id, createdAt }, index) => ({
      version: index + 1,
      type: 'String',
      value: id,
      dataType: 'text',
      modifiedAt: createdAt,
      labels: [],
    }));
    return { region, name, versions };
  });
  const own = [...ownParameters(cloud).values()].filter((one) => one.region === region);
  return [...published, ...own];
}

/** By `name`, `name:version`, `name:label` or an ARN of one of them. */
export function findParameter(
  cloud: Cloud,
  region: string,
  asked: string,
): FoundParameter | 'no-version' | undefined {
  const plain = withoutArn(asked, 'ssm', 'parameter');
  const [name = '', selector] = plain.split(':');
  const record = allParameters(cloud, region).find(
    (each) => each.name === name || each.name === name.slice(1),
  );
  if (record === undefined || (record.name !== name && plain === asked)) return undefined;
  if (selector === undefined) return { record, version: newestVersion(record) };
  const version = record.versions.find(
    (one) => String(one.version) === selector || one.labels.includes(selector),
  );
  return version === undefined ? 'no-version' : { record, version, selector };
}
