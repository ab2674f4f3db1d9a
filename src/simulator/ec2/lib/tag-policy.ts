/**
 * A service control policy that denies the creation of resources without a tag, by `aws:RequestTag` (Organizations user
 * guide, "Require a tag upon resource creation"). Like any authorization, it is looked at before a dry run is answered.
 */

import { CloudError } from '../../errors.js';
import type { ParameterTree } from '../../http/query-protocol.js';
import { arnOf } from '../../partition.js';
import type { ServiceCall } from '../../service.js';

/** Service authorization reference, "Actions defined by Amazon EC2": resource types with `aws:RequestTag`. */
const madeBy: Readonly<Record<string, readonly string[]>> = {
  RunInstances: ['instance', 'volume', 'network-interface'],
  CreateVolume: ['volume'],
  CreateSnapshot: ['snapshot'],
  CopySnapshot: ['snapshot'],
  RegisterImage: ['image'],
  CopyImage: ['image', 'snapshot'],
};

/** These ARNs have no account (the same reference, "Resource types defined by Amazon EC2"). */
const withoutAccount: readonly string[] = ['image', 'snapshot'];

/** Throws UnauthorizedOperation for the first resource that the call would make without a tag that the policy demands. */
export function refuseUntagged({ cloud, region, action, parameters }: ServiceCall): void {
  const { requiredTags } = cloud.settings;
  const unmet = (madeBy[action] ?? []).find((type) => {
    const given = tagKeysOf(parameters, type);
    return (requiredTags[type] ?? []).some((key) => !given.has(key.toLowerCase()));
  });
  if (unmet === undefined) return;
  const account = withoutAccount.includes(unmet) ? '' : cloud.accountId;
  const resource = arnOf('ec2', { region, account, resource: `${unmet}/*` });
  const user = arnOf('iam', {
    partition: cloud.settings.partition,
    account: cloud.accountId,
    resource: 'user/fedimg',
  });
  // IAM user guide, "Troubleshoot access denied error messages": explicit deny, service control policies.
  throw new CloudError(
    'UnauthorizedOperation',
    `You are not authorized to perform this operation. User: ${user} is not authorized to perform: ec2:${action} on resource: ${resource} with an explicit deny in a service control policy.`,
    403,
  );
}

/** IAM user guide, "Controlling access to AWS resources using tags": keys of conditions are compared without case. */
function tagKeysOf(parameters: ParameterTree, type: string): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const specification of below(parameters.get('TagSpecification'))) {
    if (specification.get('ResourceType') !== type) continue;
    for (const tag of below(specification.get('Tag'))) {
      const key = tag.get('Key');
      if (typeof key === 'string') keys.add(key.toLowerCase());
    }
  }
  return keys;
}

function below(parameter: string | ParameterTree | undefined): ParameterTree[] {
  if (parameter === undefined || typeof parameter === 'string') return [];
  return [...parameter.values()].filter((one) => typeof one !== 'string');
}
