/** What a call needs permission for, by its service. */

import { arnOf } from '../partition.js';
import type { ServiceCall } from '../service.js';
import type { Authorization } from './decision.js';
import { ebsAuthorizations } from './ebs-authorizations.js';
import { ec2Authorizations } from './ec2-authorizations.js';
import { parameterArn } from './ec2-launch.js';
import { existing, tagContext } from './ec2-resources.js';
import { actionRow, typeArn } from './reference.js';

export type CheckedCall = Pick<ServiceCall, 'cloud' | 'region' | 'action' | 'flat' | 'json'> & {
  readonly service: string;
};

type OfCall = (call: CheckedCall) => Authorization[];

/** Actions whose resources the request names; service authorization reference, by service. */
const special: Readonly<Record<string, OfCall>> = {
  'ssm:SendCommand': sendCommand,
  'ssm:GetParameter': parameters,
  'ssm:GetParameters': parameters,
  'ssm:GetParametersByPath': parameters,
  'ssm:PutParameter': parameters,
  'ssm:DeleteParameter': parameters,
  'ssm:LabelParameterVersion': parameters,
  'servicequotas:GetServiceQuota': quota,
  'servicequotas:RequestServiceQuotaIncrease': quota,
};

/** Actions that need no permission (STS API reference, GetCallerIdentity), or that look at the trust policy themselves. */
const free = new Set(['sts:GetCallerIdentity', 'sts:AssumeRole']);

export async function authorizationsOf(call: CheckedCall): Promise<Authorization[]> {
  const action = `${call.service}:${call.action}`;
  if (free.has(action)) return [];
  if (call.service === 'ec2') return ec2Authorizations(call);
  if (call.service === 'ebs') return ebsAuthorizations(call);
  return special[action]?.(call) ?? (await ofReference(call, action));
}

/** On `*`, or on any resource of the action's first type. */
async function ofReference(call: CheckedCall, action: string): Promise<Authorization[]> {
  const { service, cloud, region } = call;
  const row = await actionRow(service, call.action);
  if (row === undefined) return [];
  const [type] = row.resourceTypes.keys();
  if (row.isWildcardOnly || type === undefined) return [{ action, resource: '*', context: {} }];
  const parts = { Partition: 'aws', Region: region, Account: cloud.accountId };
  const resource = await typeArn(service, type, parts);
  return [{ action, resource: resource ?? '*', resourceType: type, context: {} }];
}

/** The document and each instance. AWS's own documents have no account in their ARN. */
function sendCommand(call: CheckedCall): Authorization[] {
  const { cloud, region, flat } = call;
  const action = 'ssm:SendCommand';
  const name = flat.get('DocumentName') ?? '*';
  const account = /^(?:AWS|Amazon)/.test(name) ? '' : cloud.accountId;
  const resource = arnOf('ssm', { region, account, resource: `document/${name}` });
  const instances = valuesOf(call, /^InstanceIds\.\d+$/);
  return [
    { action, resource, resourceType: 'document', context: {} },
    ...(instances.length === 0 ? ['*'] : instances).map((id) => ({
      ...existing(call, 'instance', id),
      action,
      context: instanceTags(call, id),
    })),
  ];
}

/** SSM user guide, "Restricting Run Command access based on tags": `ssm:resourceTag/KEY`. */
function instanceTags({ cloud, region }: CheckedCall, id: string): Authorization['context'] {
  const tags = cloud.instances.get(region, id)?.tags ?? {};
  const own = Object.entries(tags).map(
    ([key, value]) => [`ssm:resourceTag/${key}`, value] as const,
  );
  return { ...tagContext('aws:ResourceTag/', tags), ...Object.fromEntries(own) };
}

function parameters(call: CheckedCall): Authorization[] {
  return valuesOf(call, /^(?:Name|Names\.\d+|Path)$/).map((name) => ({
    action: `ssm:${call.action}`,
    resource: parameterArn(call, name),
    resourceType: 'parameter',
    context: {},
  }));
}

function quota({ cloud, region, flat, action }: CheckedCall): Authorization[] {
  const service = flat.get('ServiceCode') ?? '*';
  const code = flat.get('QuotaCode') ?? '*';
  const resource = arnOf('servicequotas', {
    ...{ region, account: cloud.accountId },
    resource: `${service}/${code}`,
  });
  return [
    {
      action: `servicequotas:${action}`,
      resource,
      resourceType: 'quota',
      context: { 'servicequotas:service': service },
    },
  ];
}

function valuesOf({ flat }: CheckedCall, pattern: RegExp): string[] {
  return [...flat].filter(([name]) => pattern.test(name)).map(([, value]) => value);
}
