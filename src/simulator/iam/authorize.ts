/** Whether the caller may make a call; refuses it in the words of its service. */

import type { ServiceCall } from '../service.js';
import { authorizationsOf } from './authorizations.js';
import type { Authorization, Context } from './decision.js';
import { denial } from './denial.js';
import { evaluate } from './evaluate.js';
import type { Caller } from './iam-book.js';
import { actionRow, listedContext } from './reference.js';

export type AuthorizedCall = Pick<
  ServiceCall,
  'cloud' | 'region' | 'action' | 'flat' | 'json' | 'principal'
> & { readonly service: string };

/** Resolves at once while the account has no principals. Throws CloudError for the first permission that is missing. */
export async function authorize(call: AuthorizedCall): Promise<void> {
  const { cloud } = call;
  if (!cloud.iam.isOn) return;
  const caller = cloud.iam.callerOf(call.principal);
  // IAM user guide, "AWS account root user": identity policies do not restrict it.
  if (caller.type === 'Account') return;
  for (const wanted of await authorizationsOf(call)) {
    const authorization = await withContext(call, caller, wanted);
    const { accountId } = cloud;
    const verdict = await evaluate({ caller, accountId, authorization });
    const { action, resource, context } = authorization;
    const decision = { principal: caller.arn, action, resource, context, verdict };
    cloud.iam.note(decision);
    if (verdict !== 'allowed') throw denial(cloud, call.service, decision);
  }
}

async function withContext(
  call: AuthorizedCall,
  caller: Caller,
  authorization: Authorization,
): Promise<Authorization> {
  const [service = '', action = ''] = authorization.action.split(':');
  const all = { ...authorization.context, ...globalContext(call, caller) };
  const row = await actionRow(service, action);
  const context = row === undefined ? all : listedContext(row, authorization.resourceType, all);
  return { ...authorization, context };
}

/** IAM user guide, "AWS global condition context keys". The local cloud stands for an endpoint with TLS. */
function globalContext({ cloud, region }: AuthorizedCall, caller: Caller): Context {
  return {
    'aws:PrincipalArn': caller.roleArn ?? caller.arn,
    'aws:PrincipalAccount': cloud.accountId,
    'aws:PrincipalType': caller.type,
    'aws:userid': caller.userId,
    ...(caller.userName === undefined ? {} : { 'aws:username': caller.userName }),
    'aws:RequestedRegion': region,
    'aws:SecureTransport': 'true',
    'aws:SourceIp': '127.0.0.1',
    'aws:CurrentTime': new Date(cloud.clock.now()).toISOString(),
    'ec2:Region': region,
  };
}
