/** All of a configuration is of one partition: accounts, credentials and AMIs of AWS do not reach from one into another. */
import type { PartitionName } from '../model/partition.js';
import { partitionOf, partitionOfArn } from '../model/partition.js';
import { isRecord } from './cross-check.js';

type Report = (path: (string | number)[], message: string) => void;

const REASON = 'accounts, credentials and AMIs of one partition do not exist in another';
const ONE_EACH =
  'use one configuration, deployment and worker for each partition (docs/partitions.md)';

/** Reports each region and ARN that is not of the home region's partition. */
export function checkPartition(toml: Readonly<Record<string, unknown>>, report: Report): void {
  const amis: unknown[] = Array.isArray(toml['amis']) ? toml['amis'] : [];
  const regions = amis.map((item) => (isRecord(item) ? item['region'] : undefined));
  const [home] = regions;
  if (typeof home !== 'string') return;
  const { name: partition } = partitionOf(home);
  const wanted = toml['partition'];
  if (typeof wanted === 'string' && wanted !== partition) {
    const message = `is ${wanted}, but the home region ${home} (the first of [[amis]]) is of ${partition}: ${REASON}; change one of the two`;
    report(['partition'], message);
    return;
  }
  const check = (value: unknown, path: (string | number)[]): void => {
    if (typeof value !== 'string') return;
    const found = partitionOf(value).name;
    if (found !== partition) report(path, foreign(value, found, { home, partition }));
  };
  regions.slice(1).forEach((value, index) => check(value, ['amis', index + 1, 'region']));
  const publish = isRecord(toml['publish']) ? toml['publish'] : {};
  for (const [key, name] of REGION_LISTS) {
    const list = publish[key];
    if (Array.isArray(list)) list.forEach((value, at) => check(value, ['publish', name, at]));
  }
  for (const table of ['utility', 'test']) {
    const profile = isRecord(toml[table]) ? toml[table]['instanceProfile'] : undefined;
    const found = typeof profile === 'string' ? partitionOfArn(profile) : undefined;
    if (found === undefined || found === partition) continue;
    report([table, 'instance_profile'], foreign('this ARN', found, { home, partition }));
  }
}

const REGION_LISTS = [
  ['regions', 'regions'],
  ['requiredRegions', 'required_regions'],
  ['excludeRegions', 'exclude_regions'],
] as const;

function foreign(
  what: string,
  found: string,
  { home, partition }: { readonly home: string; readonly partition: PartitionName },
): string {
  return `mixes partitions: ${what} is of ${found}, the home region ${home} of ${partition}, and ${REASON}; ${ONE_EACH}`;
}
