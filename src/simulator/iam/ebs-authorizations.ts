/** What each call of the EBS direct APIs needs permission for, from the service authorization reference of Amazon EBS. */

import type { ServiceCall } from '../service.js';
import { readTagMembers } from '../ebs/lib/tag-members.js';
import { Members } from '../members.js';
import type { Authorization, Context } from './decision.js';
import { ec2Arn, existing, requestTags } from './ec2-resources.js';

export type EbsCall = Pick<ServiceCall, 'cloud' | 'region' | 'action' | 'flat' | 'json'>;

/** EBS user guide, "Control access to EBS direct APIs using IAM": each snapshot that the request names. */
export function ebsAuthorizations(call: EbsCall): Authorization[] {
  const action = `ebs:${call.action}`;
  if (call.action === 'StartSnapshot') return startAuthorizations(call);
  const ids = ['SnapshotId', 'FirstSnapshotId', 'SecondSnapshotId'].flatMap(
    (name) => call.flat.get(name) ?? [],
  );
  return ids.map((id) => ({ ...existing(call, 'snapshot', id), action }));
}

/**
 * The new snapshot with its tags; StartSnapshot has `ebs:` keys of its own. EC2 user guide, "Grant permission to tag
 * Amazon EC2 resources during creation": tags need `ec2:CreateTags`, too. No page lists StartSnapshot as a value of
 * `ec2:CreateAction`, so the question has no such key.
 */
function startAuthorizations(call: EbsCall): Authorization[] {
  const { flat } = call;
  const tags = requestTags(readTagMembers(Members.of(call.json).structures('Tags')));
  const parent = flat.get('ParentSnapshotId');
  const own: Context = {
    ...tags,
    'ebs:VolumeSize': flat.get('VolumeSize') ?? '',
    ...(flat.has('Description') ? { 'ebs:Description': flat.get('Description') ?? '' } : {}),
    ...(parent === undefined ? {} : { 'ebs:ParentSnapshot': ec2Arn(call, 'snapshot', parent) }),
  };
  const resource = ec2Arn(call, 'snapshot', '*');
  const made = { resource, resourceType: 'snapshot' };
  return [
    { ...made, action: 'ebs:StartSnapshot', context: own },
    ...(Object.keys(tags).length === 0
      ? []
      : [{ ...made, action: 'ec2:CreateTags', context: tags }]),
  ];
}
