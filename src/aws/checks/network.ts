/** Where the instances of the home region are launched: subnet, security group, or the default VPC. */

import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  paginateDescribeVpcs,
} from '@aws-sdk/client-ec2';
import type { Check } from '../../model/check.js';
import { failure, ok } from '../../model/check.js';
import { errorCode } from '../errors.js';
import type { RegionAccess } from '../region-access.js';

export interface Network {
  /** The table of the configuration, `utility` or `test`. */
  readonly table: string;
  readonly subnet?: string | undefined;
  readonly securityGroup?: string | undefined;
}

/** Throws AWS's error unless it says that a configured id does not exist. */
export async function checkNetwork(
  ec2: RegionAccess,
  { table, subnet, securityGroup }: Network,
  signal: AbortSignal,
): Promise<Check[]> {
  const options = { abortSignal: signal };
  const what = `network of ${table}`;
  const found = async (id: string, key: string, ask: () => Promise<unknown>): Promise<Check> => {
    try {
      await ask();
      return ok(ec2.name, what, `${id} exists`);
    } catch (error) {
      if (errorCode(error)?.endsWith('.NotFound') !== true) throw error;
      const next = `Correct ${table}.${key} in the configuration, or remove it.`;
      return failure(ec2.name, what, `${id} does not exist in ${ec2.name}`, next);
    }
  };
  return Promise.all([
    subnet === undefined
      ? defaultVpc(ec2, what, table, signal)
      : found(subnet, 'subnet', () =>
          ec2.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnet] }), options),
        ),
    ...(securityGroup === undefined
      ? []
      : [
          found(securityGroup, 'security_group', () =>
            ec2.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [securityGroup] }), options),
          ),
        ]),
  ]);
}

async function defaultVpc(
  ec2: RegionAccess,
  what: string,
  table: string,
  signal: AbortSignal,
): Promise<Check> {
  const Filters = [{ Name: 'is-default', Values: ['true'] }];
  const pages = paginateDescribeVpcs({ client: ec2.ec2 }, { Filters }, { abortSignal: signal });
  let id: string | undefined;
  for await (const { Vpcs } of pages) id ??= Vpcs?.[0]?.VpcId;
  if (id !== undefined) return ok(ec2.name, what, `the default VPC ${id}`);
  const next = `Run: aws ec2 create-default-vpc --region ${ec2.name}; or set ${table}.subnet.`;
  return failure(ec2.name, what, `${ec2.name} has no default VPC`, next);
}
