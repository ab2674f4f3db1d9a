/** The actions of Service Quotas that this cloud has. */

import { CloudError } from '../errors.js';
import { Members } from '../members.js';
import type { ServiceAction, ServiceCall } from '../service.js';
import type { Quota } from './quotas.js';
import { quotas, quotaView, serviceNames } from './quotas.js';
import { quotaRequests, requestIncrease, requestStatuses, requestView } from './requests.js';

/** Service Quotas API reference: ServiceCode, QuotaCode, RequestId. */
const serviceCode = { max: 63, pattern: /^[a-zA-Z][a-zA-Z0-9-]{1,63}$/ };
const quotaCode = { min: 1, max: 128, pattern: /^[a-zA-Z][a-zA-Z0-9-]{1,128}$/ };
const requestId = { min: 1, max: 128, pattern: /^[0-9a-zA-Z][a-zA-Z0-9-]{1,128}$/ };

function noSuchResource(message: string): CloudError {
  return new CloudError('NoSuchResourceException', message);
}

function namedService(members: Members): Quota['serviceCode'] {
  const name = members.requiredText('ServiceCode', serviceCode);
  members.check();
  if (Object.hasOwn(serviceNames, name)) return name as Quota['serviceCode'];
  throw noSuchResource('The request failed because the specified service does not exist.');
}

function namedQuota(members: Members): Quota {
  const code = members.requiredText('QuotaCode', quotaCode);
  const service = namedService(members);
  const quota = quotas.find((one) => one.code === code && one.serviceCode === service);
  if (quota !== undefined) return quota;
  throw noSuchResource('The request failed because the specified quota does not exist.');
}

const pageMax = 100;

/** The page of the list that the request asks for, under that name. */
function page(members: Members, name: string, all: readonly unknown[]): Record<string, unknown> {
  const count = members.integer('MaxResults', { min: 1, max: pageMax }) ?? pageMax;
  const token = members.text('NextToken');
  members.check();
  if (token !== undefined && !/^page-\d{1,9}$/.test(token)) {
    throw new CloudError('InvalidPaginationTokenException', 'The pagination token is invalid.');
  }
  const start = Number(token?.slice('page-'.length) ?? 0);
  const end = start + count;
  const rest = end < all.length ? { NextToken: `page-${end}` } : {};
  return { [name]: all.slice(start, end), ...rest };
}

function listQuotas({ cloud, region, json }: ServiceCall, which: 'applied' | 'default'): unknown {
  const members = Members.of(json);
  const service = namedService(members);
  const code = members.text('QuotaCode', quotaCode);
  const listed = quotas.filter(
    (quota) => quota.serviceCode === service && (code ?? quota.code) === quota.code,
  );
  const views = listed.map((quota) => quotaView(cloud, quota, region, which));
  return page(members, 'Quotas', views);
}

function history(call: ServiceCall, members: Members, quota: Quota | undefined): unknown {
  const status = members.text('Status', { oneOf: requestStatuses });
  const service = members.text('ServiceCode', serviceCode);
  members.check();
  const requests = quotaRequests(call.cloud).filter(
    (request) =>
      request.region === call.region &&
      (status === undefined || request.status === status) &&
      (service === undefined || request.serviceCode === service) &&
      (quota === undefined || request.quotaCode === quota.code),
  );
  const views = requests.map((request) => requestView(call.cloud, request));
  return page(members, 'RequestedQuotas', views);
}

const table: Readonly<Record<string, ServiceAction>> = {
  GetServiceQuota: ({ cloud, region, json }) => ({
    Quota: quotaView(cloud, namedQuota(Members.of(json)), region, 'applied'),
  }),
  GetAWSDefaultServiceQuota: ({ cloud, region, json }) => ({
    Quota: quotaView(cloud, namedQuota(Members.of(json)), region, 'default'),
  }),
  ListServiceQuotas: (call) => listQuotas(call, 'applied'),
  ListAWSDefaultServiceQuotas: (call) => listQuotas(call, 'default'),
  ListServices: ({ json }) => {
    const services = Object.entries(serviceNames).map(([code, name]) => ({
      ServiceCode: code,
      ServiceName: name,
    }));
    return page(Members.of(json), 'Services', services);
  },

  RequestServiceQuotaIncrease: ({ cloud, region, json }) => {
    const members = Members.of(json);
    const value = members.requiredNumber('DesiredValue', { min: 0, max: 10_000_000_000 });
    const request = requestIncrease(cloud, namedQuota(members), { region, value });
    return { RequestedQuota: requestView(cloud, request) };
  },
  GetRequestedServiceQuotaChange: ({ cloud, region, json }) => {
    const members = Members.of(json);
    const id = members.requiredText('RequestId', requestId);
    members.check();
    const request = quotaRequests(cloud).find((one) => one.id === id && one.region === region);
    if (request !== undefined) return { RequestedQuota: requestView(cloud, request) };
    throw noSuchResource('The request failed because the specified request does not exist.');
  },
  ListRequestedServiceQuotaChangeHistory: (call) => history(call, Members.of(call.json), undefined),
  ListRequestedServiceQuotaChangeHistoryByQuota: (call) => {
    const members = Members.of(call.json);
    return history(call, members, namedQuota(members));
  },
};

export const quotaActions: ReadonlyMap<string, ServiceAction> = new Map(Object.entries(table));
