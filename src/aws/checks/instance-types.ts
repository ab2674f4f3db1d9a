/** Which of the configured instance types a region offers. */

import {
  DescribeInstanceTypesCommand,
  paginateDescribeInstanceTypeOfferings,
} from '@aws-sdk/client-ec2';
import type { _InstanceType as InstanceType } from '@aws-sdk/client-ec2';
import type { Check } from '../../model/check.js';
import { failure, ok } from '../../model/check.js';
import type { RegionAccess } from '../region-access.js';

/** `types` in their order, without those that no zone of the region has. */
export async function offeredTypes(
  ec2: RegionAccess,
  types: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const Filters = [{ Name: 'instance-type', Values: [...types] }];
  const input = { LocationType: 'region' as const, Filters };
  const pages = paginateDescribeInstanceTypeOfferings({ client: ec2.ec2 }, input, {
    abortSignal: signal,
  });
  const offered = new Set<InstanceType | undefined>();
  for await (const { InstanceTypeOfferings = [] } of pages) {
    for (const { InstanceType } of InstanceTypeOfferings) offered.add(InstanceType);
  }
  return types.filter((type) => offered.has(type as InstanceType));
}

/** `key` is that of the configuration, such as `utility.instance_types`. */
export async function checkInstanceTypes(
  ec2: RegionAccess,
  key: string,
  types: readonly string[],
  signal: AbortSignal,
): Promise<Check> {
  const offered = await offeredTypes(ec2, types, signal);
  if (offered.length > 0) return ok(ec2.name, key, offered.join(', '));
  const next = `Name types that ${ec2.name} has: aws ec2 describe-instance-type-offerings --region ${ec2.name}`;
  return failure(ec2.name, key, `${ec2.name} offers none of ${types.join(', ')}`, next);
}

/** The vCPUs of the largest of these types; undefined when EC2 does not show them. */
export async function largestVcpus(
  ec2: RegionAccess,
  types: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const InstanceTypes = (await offeredTypes(ec2, [...new Set(types)], signal)) as InstanceType[];
  if (InstanceTypes.length === 0) return undefined;
  const { InstanceTypes: shown = [] } = await ec2.ec2.send(
    new DescribeInstanceTypesCommand({ InstanceTypes }),
    { abortSignal: signal },
  );
  const vcpus = shown.flatMap(({ VCpuInfo }) => VCpuInfo?.DefaultVCpus ?? []);
  return vcpus.length === 0 ? undefined : Math.max(...vcpus);
}
