/** DescribeInstanceInformation: the managed nodes of a region. */

import { CloudError } from '../errors.js';
import type { InstanceRecord } from '../store/state.js';
import type { NodeRecord } from './command-state.js';
import { seconds } from './command-view.js';
import { validationError, type Members } from '../members.js';
import { meets, nodesIn, refreshNodes } from './nodes.js';
import { pageOf } from './page.js';
import { instanceIdPattern } from './patterns.js';
import type { SsmCall } from './ssm-call.js';

/** "The default value is 10 items." */
const pageDefault = 10;
export const agentVersion = '3.3.1611.0';

interface Filter {
  readonly key: string;
  readonly values: readonly string[];
}

type View = ReturnType<typeof informationView>;

/** Filters that compare a member of the answer. */
const memberFilters: Record<string, (view: View) => string | undefined> = {
  InstanceIds: (view) => view.InstanceId,
  AgentVersion: (view) => view.AgentVersion,
  PingStatus: (view) => view.PingStatus,
  PlatformTypes: (view) => view.PlatformType,
  ResourceType: (view) => view.ResourceType,
  SourceIds: (view) => view.SourceId,
  SourceTypes: (view) => view.SourceType,
  // Nodes here have no activation, hybrid role or association.
  ActivationIds: () => undefined,
  IamRole: () => undefined,
  AssociationStatus: () => undefined,
};

const filterValues: Record<string, readonly string[]> = {
  PingStatus: ['Online', 'ConnectionLost', 'Inactive'],
  PlatformTypes: ['Windows', 'Linux', 'MacOS'],
  ResourceType: ['ManagedInstance', 'EC2Instance'],
};

export function describeInstanceInformation(call: SsmCall): unknown {
  const { members, cloud, tables, region } = call;
  const maxResults = members.integer('MaxResults', { min: 5, max: 50 }) ?? pageDefault;
  const nextToken = members.text('NextToken');
  const filters = readFilters(members);
  members.check();
  refreshNodes(cloud, tables, region);
  const nodes = nodesIn(tables, region);
  const page = pageOf('DescribeInstanceInformation', nodes, maxResults, nextToken);
  const found: View[] = [];
  for (const node of page.items) {
    const instance = cloud.instances.get(region, node.instanceId);
    if (instance === undefined) continue;
    const view = informationView(call, node, instance);
    if (filters.every((filter) => accepts(filter, view, instance))) found.push(view);
  }
  return {
    // The filters pick from each page: it may be short or empty, and not be the last (aws/aws-cli#2626).
    InstanceInformationList: found,
    ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
  };
}

function informationView(call: SsmCall, node: NodeRecord, instance: InstanceRecord) {
  const online = call.cloud.agentOnline(call.region, node.instanceId);
  const amazon = instance.os === 'amazon-linux-2023';
  const domain = call.region === 'us-east-1' ? 'ec2' : `${call.region}.compute`;
  return {
    InstanceId: node.instanceId,
    PingStatus: online ? 'Online' : 'ConnectionLost',
    LastPingDateTime: seconds(online ? call.cloud.clock.now() : node.lastPingAt),
    AgentVersion: agentVersion,
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: amazon ? 'Amazon Linux' : 'Linux',
    PlatformVersion: amazon ? '2023' : '1',
    ResourceType: 'EC2Instance',
    IPAddress: instance.privateIp,
    ComputerName: `ip-${instance.privateIp.replaceAll('.', '-')}.${domain}.internal`,
    SourceId: node.instanceId,
    SourceType: 'AWS::EC2::Instance',
  };
}

function readFilters(members: Members): Filter[] {
  const legacy = (members.structures('InstanceInformationFilterList') ?? []).map((filter) => ({
    key: filter.requiredText('key', {
      oneOf: [
        'InstanceIds',
        'AgentVersion',
        'PingStatus',
        'PlatformTypes',
        'ActivationIds',
        'IamRole',
        'ResourceType',
        'AssociationStatus',
      ],
    }),
    values: filter.texts('valueSet', { min: 1, max: 100 }, { min: 1 }) ?? [],
  }));
  const current = (members.structures('Filters') ?? []).map((filter) => ({
    key: filter.requiredText('Key', { min: 1 }),
    values: filter.texts('Values', { min: 1, max: 100 }, { min: 1 }) ?? [],
  }));
  members.check();
  if (legacy.length > 0 && current.length > 0) {
    throw validationError('InstanceInformationFilterList and Filters cannot be used together.');
  }
  const filters = [...legacy, ...current];
  for (const filter of filters) checkFilter(filter);
  const tags = filters.filter(isTagFilter).length;
  if (tags > 0 && tags < filters.length) {
    throw validationError('Tag filters cannot be combined with other filter types.');
  }
  return filters;
}

function isTagFilter({ key }: Filter): boolean {
  return key === 'tag-key' || key.startsWith('tag:');
}

function checkFilter(filter: Filter): void {
  const { key, values } = filter;
  if (!isTagFilter(filter) && !Object.hasOwn(memberFilters, key)) {
    throw new CloudError('InvalidFilterKey', `${key} is not a valid filter key.`);
  }
  if (key === 'InstanceIds') {
    const bad = values.find((value) => !instanceIdPattern.test(value));
    if (bad !== undefined) throw new CloudError('InvalidInstanceId', `${bad} is not a valid id.`);
  }
  const allowed = filterValues[key];
  const bad = allowed === undefined ? undefined : values.find((value) => !allowed.includes(value));
  if (bad !== undefined) {
    throw new CloudError(
      'InvalidInstanceInformationFilterValue',
      `${bad} is not a valid value of ${key}.`,
    );
  }
}

function accepts(filter: Filter, view: View, instance: InstanceRecord): boolean {
  if (isTagFilter(filter)) return meets(instance, { Key: filter.key, Values: filter.values });
  const value = memberFilters[filter.key]?.(view);
  return value !== undefined && filter.values.includes(value);
}
