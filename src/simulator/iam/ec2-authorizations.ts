/** What each EC2 action needs permission for, from the service authorization reference of Amazon EC2. */

import type { Authorization } from './decision.js';
import { launchAuthorizations } from './ec2-launch.js';
import type { Ec2Call } from './ec2-resources.js';
import { ec2Arn, existing, givenTags, made, requestTags, tagsBelow } from './ec2-resources.js';
import { actionRow } from './reference.js';

type OfCall = (call: Ec2Call) => Authorization[];

/** Parameters that name a resource, and its type. */
const named: readonly (readonly [RegExp, string])[] = [
  [/^InstanceId(?:\.\d+)?$/, 'instance'],
  [/^VolumeId(?:\.\d+)?$/, 'volume'],
  [/^SnapshotId(?:\.\d+)?$/, 'snapshot'],
  [/^ImageId(?:\.\d+)?$/, 'image'],
  [/^GroupId(?:\.\d+)?$/, 'security-group'],
];

/** Actions that make something, or that name their resources in a way of their own. */
const special: Readonly<Record<string, OfCall>> = {
  RunInstances: launchAuthorizations,
  CreateVolume: (call) => [made(call, 'volume'), ...ofParameters(call, ['snapshot'])],
  CreateSnapshot: (call) => [made(call, 'snapshot'), ...ofParameters(call, ['volume'])],
  /**
   * EBS user guide, "Copy an Amazon EBS snapshot": the permission is needed for the source, too. The row of the
   * action lists `ec2:Owner` and others of the source, and no tags of it.
   */
  CopySnapshot: (call) => {
    const source = call.flat.get('SourceSnapshotId') ?? '*';
    const region = call.flat.get('SourceRegion') ?? call.region;
    const parent = { 'ec2:ParentSnapshot': ec2Arn(call, 'snapshot', source, region) };
    return [made(call, 'snapshot', parent), existing(call, 'snapshot', source, region)];
  },
  CopyImage: (call) => {
    const source = call.flat.get('SourceImageId') ?? '*';
    const region = call.flat.get('SourceRegion') ?? call.region;
    return [made(call, 'image'), made(call, 'snapshot'), existing(call, 'image', source, region)];
  },
  RegisterImage: (call) => [
    made(call, 'image'),
    ...valuesOf(call, /^BlockDeviceMapping\.\d+\.Ebs\.SnapshotId$/).map((id) =>
      existing(call, 'snapshot', id),
    ),
  ],
  CreateSecurityGroup: (call) => [made(call, 'security-group')],
  CreateTags: (call) => tagged(call, requestTags(tagsBelow(call.flat, ''))),
  DeleteTags: (call) => tagged(call, requestTags(tagsBelow(call.flat, ''))),
  /** The instance of the attachment counts, too, where the request does not name it. */
  DetachVolume: (call) => {
    const volume = call.flat.get('VolumeId') ?? '*';
    const attached = call.cloud.volumes.get(call.region, volume)?.attachment?.instanceId;
    const instance = call.flat.get('InstanceId') ?? attached;
    return [
      existing(call, 'volume', volume),
      ...(instance === undefined ? [] : [existing(call, 'instance', instance)]),
    ];
  },
};

/** Actions on attributes name what changes in keys of their own (service authorization reference). */
const attributeContexts: Readonly<
  Record<string, (call: Ec2Call) => Record<string, string | string[]>>
> = {
  ModifySnapshotAttribute: ({ flat }) => {
    const of = (pattern: RegExp): string[] =>
      [...flat].filter(([name]) => pattern.test(name)).map(([, value]) => value);
    const keys = {
      'ec2:Add/group': of(/^CreateVolumePermission\.Add\.\d+\.Group$/),
      'ec2:Add/userId': of(/^CreateVolumePermission\.Add\.\d+\.UserId$/),
      'ec2:Remove/group': of(/^CreateVolumePermission\.Remove\.\d+\.Group$/),
      'ec2:Remove/userId': of(/^CreateVolumePermission\.Remove\.\d+\.UserId$/),
    };
    const simple = {
      add: { 'ec2:Add/group': of(/^UserGroup\.\d+$/), 'ec2:Add/userId': of(/^UserId\.\d+$/) },
      remove: {
        'ec2:Remove/group': of(/^UserGroup\.\d+$/),
        'ec2:Remove/userId': of(/^UserId\.\d+$/),
      },
    };
    const type = flat.get('OperationType');
    const all = { ...keys, ...(type === 'add' || type === 'remove' ? simple[type] : {}) };
    // String keys: the first value counts.
    return Object.fromEntries(
      Object.entries(all).flatMap(([key, [first]]) => (first === undefined ? [] : [[key, first]])),
    );
  },
};

export async function ec2Authorizations(call: Ec2Call): Promise<Authorization[]> {
  const own = special[call.action]?.(call) ?? (await ofReference(call));
  return [...own, ...tagsOnCreate(call)];
}

/** The resources that the request names, as far as the action's row has their types. */
async function ofReference(call: Ec2Call): Promise<Authorization[]> {
  const row = await actionRow('ec2', call.action);
  if (row === undefined) return [];
  const action = `ec2:${call.action}`;
  if (row.isWildcardOnly) return [{ action, resource: '*', context: {} }];
  const context = attributeContexts[call.action]?.(call) ?? {};
  const found = ofParameters(call, [...row.resourceTypes.keys()]).map((one) => ({
    ...one,
    context: { ...one.context, ...context },
  }));
  if (found.length > 0) return found;
  // Without a resource in the request, every resource of the type is meant.
  const [type = 'instance'] = row.resourceTypes.keys();
  return [existing(call, type, '*')];
}

function ofParameters(call: Ec2Call, types: readonly string[]): Authorization[] {
  return named.flatMap(([pattern, type]) =>
    types.includes(type) ? valuesOf(call, pattern).map((id) => existing(call, type, id)) : [],
  );
}

function valuesOf({ flat }: Ec2Call, pattern: RegExp): string[] {
  const values = [...flat].filter(([name]) => pattern.test(name)).map(([, value]) => value);
  return [...new Set(values)];
}

const typeOfPrefix: Readonly<Record<string, string>> = {
  i: 'instance',
  vol: 'volume',
  snap: 'snapshot',
  ami: 'image',
  sg: 'security-group',
};

function tagged(call: Ec2Call, tags: Authorization['context']): Authorization[] {
  return valuesOf(call, /^ResourceId\.\d+$/).flatMap((id) => {
    const type = typeOfPrefix[id.slice(0, id.indexOf('-'))];
    if (type === undefined) return [];
    const resource = existing(call, type, id);
    return [{ ...resource, context: { ...resource.context, ...tags } }];
  });
}

/** EC2 user guide, "Grant permission to tag Amazon EC2 resources during creation": CreateTags with the key CreateAction. */
function tagsOnCreate(call: Ec2Call): Authorization[] {
  return [...givenTags(call)].map(([type, tags]) => ({
    action: 'ec2:CreateTags',
    resource: ec2Arn(call, type, '*'),
    resourceType: type,
    context: { ...requestTags(tags), 'ec2:CreateAction': call.action },
  }));
}
