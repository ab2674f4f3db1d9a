/** The quotas of the account that Service Quotas lists and the other services enforce. */

import type { Cloud } from '../cloud.js';
import { arnOf } from '../partition.js';
import type { Table } from '../store/store.js';
import type { CloudSettings } from '../settings.js';

export interface Quota {
  readonly serviceCode: 'ec2' | 'ebs';
  readonly code: string;
  readonly name: string;
  readonly description: string;
  /** AWS's own default, in every region. */
  readonly defaultValue: number;
  /** What the settings say for the region; undefined: unlimited. */
  readonly inSettings: (settings: CloudSettings, region: string) => number | undefined;
  /** The CloudWatch metric of its use, where there is one. */
  readonly usage?: Readonly<Record<'Class' | 'Resource' | 'Service' | 'Type', string>>;
}

export const serviceNames: Readonly<Record<Quota['serviceCode'], string>> = {
  ebs: 'Amazon Elastic Block Store (Amazon EBS)',
  ec2: 'Amazon Elastic Compute Cloud (Amazon EC2)',
};

/** EC2 user guide, "AMI quotas". */
export const publicImages: Quota = {
  serviceCode: 'ec2',
  code: 'L-0E3CBAB9',
  name: 'Public AMIs',
  description:
    'The maximum number of public AMIs, including public AMIs in the Recycle Bin, allowed in this Region.',
  defaultValue: 5,
  inSettings: ({ regions, publicImagesPerRegion }, region) =>
    regions[region]?.publicImages ?? regions['*']?.publicImages ?? publicImagesPerRegion,
};

/** EC2 user guide, "On-Demand Instance quotas". */
export const standardVcpus: Quota = {
  serviceCode: 'ec2',
  code: 'L-1216C47A',
  name: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
  description:
    'Maximum number of vCPUs assigned to the Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances.',
  defaultValue: 5,
  inSettings: ({ vcpusPerRegion }) => vcpusPerRegion,
  usage: { Class: 'Standard/OnDemand', Resource: 'vCPU', Service: 'EC2', Type: 'Resource' },
};

/** EBS user guide, "Quotas for Amazon EBS". */
export const snapshots: Quota = {
  serviceCode: 'ebs',
  code: 'L-309BACF6',
  name: 'Snapshots per Region',
  description: 'The maximum number of snapshots per Region.',
  defaultValue: 100_000,
  inSettings: ({ snapshotsPerRegion }) => snapshotsPerRegion,
};

export const quotas: readonly Quota[] = [publicImages, snapshots, standardVcpus];

/** Shown for a quota that the settings do not limit: Service Quotas always has a number. */
const unlimited = 1_000_000;

function granted(cloud: Cloud): Table<number> {
  return cloud.store.table<number>('quota');
}

/** AWS has granted an increase: the quota has this value in the region from now on. */
export function grant(cloud: Cloud, quota: Quota, region: string, value: number): void {
  granted(cloud).put(`${region}/${quota.code}`, value);
}

/** The quota's value in the region: the larger of the settings and what AWS has granted; undefined: unlimited. */
export function quotaOf(cloud: Cloud, quota: Quota, region: string): number | undefined {
  const ofSettings = quota.inSettings(cloud.settings, region);
  if (ofSettings === undefined) return undefined;
  return Math.max(ofSettings, granted(cloud).get(`${region}/${quota.code}`) ?? 0);
}

/** A ServiceQuota of the API: the default, or what is in force in the region. */
export function quotaView(
  cloud: Cloud,
  quota: Quota,
  region: string,
  which: 'applied' | 'default',
): Record<string, unknown> {
  const { serviceCode, code, usage } = quota;
  const value = which === 'default' ? quota.defaultValue : quotaOf(cloud, quota, region);
  return {
    ServiceCode: serviceCode,
    ServiceName: serviceNames[serviceCode],
    QuotaArn: quotaArn(quota, region, which === 'default' ? '' : cloud.accountId),
    QuotaCode: code,
    QuotaName: quota.name,
    Value: value ?? unlimited,
    Unit: 'None',
    Adjustable: true,
    GlobalQuota: false,
    ...(usage === undefined
      ? {}
      : {
          UsageMetric: {
            MetricNamespace: 'AWS/Usage',
            MetricName: 'ResourceCount',
            MetricDimensions: usage,
            MetricStatisticRecommendation: 'Maximum',
          },
        }),
    QuotaAppliedAtLevel: 'ACCOUNT',
    Description: quota.description,
  };
}

/** Defaults belong to no account, so their ARN has none. */
export function quotaArn({ serviceCode, code }: Quota, region: string, account: string): string {
  return arnOf('servicequotas', { region, account, resource: `${serviceCode}/${code}` });
}
