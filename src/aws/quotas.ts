/** The quotas that a publication needs in a region, and how many public AMIs there are. */

import type { Image } from '@aws-sdk/client-ec2';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
} from '@aws-sdk/client-service-quotas';
import { classifyAwsError, isCode } from './errors.js';
import { listImages } from './listing.js';
import type { RegionAccess } from './region-access.js';

/** "Public AMIs" (EC2 user guide, "Amazon EC2 AMI quotas"; AWS General Reference, "Amazon EC2 quotas"). */
const PUBLIC_AMIS = { ServiceCode: 'ec2', QuotaCode: 'L-0E3CBAB9' } as const;

/** "Running On-Demand Standard instances", in vCPUs (EC2 user guide, "On-Demand Instance quotas"). */
const STANDARD_VCPUS = { ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' } as const;

type QuotaName = typeof PUBLIC_AMIS | typeof STANDARD_VCPUS;

/** The value of an account that never asked for more. */
export const PUBLIC_AMIS_DEFAULT = 5;

export interface Quota {
  readonly value: number;
  /** Why the value is EC2's default and not the account's own. */
  readonly assumed?: string;
}

/**
 * The account's quota of public AMIs. When the account may not ask Service Quotas, EC2's default is assumed.
 * Throws AWS's error when Service Quotas does not answer.
 */
export async function publicAmiQuota(ec2: RegionAccess, signal: AbortSignal): Promise<Quota> {
  try {
    return { value: (await appliedQuota(ec2, PUBLIC_AMIS, signal)) ?? PUBLIC_AMIS_DEFAULT };
  } catch (error) {
    const failure = classifyAwsError(error);
    if (signal.aborted || failure?.class !== 'refused') throw error;
    return assumedQuota(failure.message);
  }
}

export function assumedQuota(assumed: string): Quota {
  return { value: PUBLIC_AMIS_DEFAULT, assumed };
}

/** The account's quota of running vCPUs; undefined when the account may not ask. */
export async function vcpuQuota(
  ec2: RegionAccess,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    return await appliedQuota(ec2, STANDARD_VCPUS, signal);
  } catch (error) {
    if (signal.aborted || classifyAwsError(error)?.class !== 'refused') throw error;
    return undefined;
  }
}

async function appliedQuota(
  ec2: RegionAccess,
  name: QuotaName,
  signal: AbortSignal,
): Promise<number | undefined> {
  const options = { abortSignal: signal };
  try {
    const { Quota: applied } = await ec2.quotas.send(new GetServiceQuotaCommand(name), options);
    return applied?.Value;
  } catch (error) {
    // Service Quotas keeps no value of its own for an account that has the default (API reference, GetServiceQuota).
    if (!isCode(error, 'NoSuchResourceException')) throw error;
    const { Quota: standard } = await ec2.quotas.send(
      new GetAWSDefaultServiceQuotaCommand(name),
      options,
    );
    return standard?.Value;
  }
}

/** The account's own public AMIs: these count against the quota, also when they are deprecated. */
export async function publicImages(ec2: RegionAccess, signal: AbortSignal): Promise<Image[]> {
  const Filters = [{ Name: 'is-public', Values: ['true'] }];
  return listImages(ec2.ec2, { Owners: ['self'], Filters }, signal);
}

/** The command with which the operator asks AWS for a quota of this value. */
export function quotaIncreaseCommand(regionName: string, value: number): string {
  return increaseCommand(PUBLIC_AMIS, regionName, value);
}

export function vcpuIncreaseCommand(regionName: string, value: number): string {
  return increaseCommand(STANDARD_VCPUS, regionName, value);
}

function increaseCommand(
  { ServiceCode, QuotaCode }: QuotaName,
  regionName: string,
  value: number,
): string {
  return `aws service-quotas request-service-quota-increase --service-code ${ServiceCode} --quota-code ${QuotaCode} --desired-value ${value} --region ${regionName}`;
}
