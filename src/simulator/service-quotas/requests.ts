/** Requests for more quota: kept until AWS, here a setting or a control call, decides. */

import { randomUUID } from 'node:crypto';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../errors.js';
import { arnOf } from '../partition.js';
import type { Table } from '../store/store.js';
import type { Quota } from './quotas.js';
import { grant, quotaArn, quotaOf, quotas, serviceNames } from './quotas.js';

/** Service Quotas API reference, RequestedServiceQuotaChange: Status. */
export const requestStatuses = [
  'PENDING',
  'CASE_OPENED',
  'APPROVED',
  'DENIED',
  'CASE_CLOSED',
  'NOT_APPROVED',
  'INVALID_REQUEST',
] as const;
export type RequestStatus = (typeof requestStatuses)[number];

export interface QuotaRequest {
  readonly id: string;
  readonly region: string;
  readonly serviceCode: Quota['serviceCode'];
  readonly quotaCode: string;
  readonly desiredValue: number;
  readonly createdAt: number;
  status: RequestStatus;
  updatedAt: number;
}

/** Service Quotas user guide, "Quotas": open requests of an account. */
const openRequestsMax = 20;

function tableOf(cloud: Cloud): Table<QuotaRequest> {
  return cloud.store.table<QuotaRequest>('quota-request');
}

/** All requests, the oldest first. */
export function quotaRequests(cloud: Cloud): QuotaRequest[] {
  return [...tableOf(cloud).values()];
}

function isOpen({ status }: QuotaRequest): boolean {
  return status === 'PENDING' || status === 'CASE_OPENED';
}

/** Records the request, and grants it when the settings say so. Throws CloudError as Service Quotas does. */
export function requestIncrease(
  cloud: Cloud,
  quota: Quota,
  wanted: { readonly region: string; readonly value: number },
): QuotaRequest {
  const { region, value } = wanted;
  if (value <= (quotaOf(cloud, quota, region) ?? Infinity)) {
    throw new CloudError(
      'IllegalArgumentException',
      'You must provide a quota value greater than the current quota value.',
    );
  }
  const open = quotaRequests(cloud).filter(isOpen);
  if (open.some((one) => one.quotaCode === quota.code && one.region === region)) {
    throw new CloudError(
      'ResourceAlreadyExistsException',
      'Only one open service quota increase request is allowed per quota.',
    );
  }
  if (open.length >= openRequestsMax) {
    throw new CloudError(
      'QuotaExceededException',
      `You have exceeded your service quota of ${openRequestsMax} active service quota increase requests.`,
    );
  }
  const now = cloud.clock.now();
  const request: QuotaRequest = {
    id: randomUUID().replaceAll('-', ''),
    region,
    serviceCode: quota.serviceCode,
    quotaCode: quota.code,
    desiredValue: value,
    createdAt: now,
    status: 'PENDING',
    updatedAt: now,
  };
  tableOf(cloud).put(request.id, request);
  const answered = { ...request };
  if (cloud.settings.approvesQuotaRequests) decideRequest(cloud, request.id, 'APPROVED');
  return answered;
}

/** AWS decides; APPROVED raises the quota. Undefined for an unknown id. */
export function decideRequest(
  cloud: Cloud,
  id: string,
  status: RequestStatus,
): QuotaRequest | undefined {
  const request = tableOf(cloud).get(id);
  if (request === undefined) return undefined;
  request.status = status;
  request.updatedAt = cloud.clock.now();
  tableOf(cloud).put(id, request);
  const quota = quotas.find(({ code }) => code === request.quotaCode);
  if (status === 'APPROVED' && quota !== undefined) {
    grant(cloud, quota, request.region, request.desiredValue);
  }
  return request;
}

/** A RequestedServiceQuotaChange of the API. */
export function requestView(cloud: Cloud, request: QuotaRequest): Record<string, unknown> {
  const quota = quotas.find(({ code }) => code === request.quotaCode);
  return {
    Id: request.id,
    ServiceCode: request.serviceCode,
    ServiceName: serviceNames[request.serviceCode],
    QuotaCode: request.quotaCode,
    QuotaName: quota?.name,
    DesiredValue: request.desiredValue,
    Status: request.status,
    Created: request.createdAt / 1000,
    LastUpdated: request.updatedAt / 1000,
    Requester: JSON.stringify({
      accountId: cloud.accountId,
      callerArn: arnOf('iam', {
        partition: cloud.settings.partition,
        account: cloud.accountId,
        resource: 'user/fedimg',
      }),
    }),
    QuotaArn: quota === undefined ? undefined : quotaArn(quota, request.region, cloud.accountId),
    GlobalQuota: false,
    Unit: 'None',
    QuotaRequestedAtLevel: 'ACCOUNT',
  };
}
