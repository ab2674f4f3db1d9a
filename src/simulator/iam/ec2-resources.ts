/** EC2's resources as IAM sees them: their ARNs, and the condition keys that tell of them. */

import { defaultSubnets, defaultVpcId } from '../ec2/lib/network-defaults.js';
import { arnOf } from '../partition.js';
import type { ServiceCall } from '../service.js';
import type { Tags } from '../store/state.js';
import type { Authorization, Context } from './decision.js';

export type Ec2Call = Pick<ServiceCall, 'cloud' | 'region' | 'action' | 'flat'>;

/** Public resources of all accounts have no account in their ARN (service authorization reference, EC2). */
const withoutAccount = new Set(['image', 'snapshot']);

/** @param id `*` is one that the call makes. */
export function ec2Arn(call: Ec2Call, type: string, id: string, region = call.region): string {
  const account = withoutAccount.has(type) ? '' : call.cloud.accountId;
  return arnOf('ec2', { region, account, resource: `${type}/${id}` });
}

/** The context of a call that is the same for all its resources. */
export function tagContext(prefix: 'aws:ResourceTag/' | 'ec2:ResourceTag/', tags: Tags): Context {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, value]));
}

function resourceTags(tags: Tags | undefined): Context {
  if (tags === undefined) return {};
  return { ...tagContext('aws:ResourceTag/', tags), ...tagContext('ec2:ResourceTag/', tags) };
}

/** Tags that the request sets: `aws:RequestTag/KEY` and the list of keys. */
export function requestTags(tags: Tags | undefined): Context {
  if (tags === undefined || Object.keys(tags).length === 0) return {};
  return {
    ...Object.fromEntries(
      Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]),
    ),
    'aws:TagKeys': Object.keys(tags),
  };
}

/**
 * A resource that exists. One that is gone has no tags, so a policy that asks for a tag does not allow the call: EC2
 * answers UnauthorizedOperation and not "not found" (seen by users of such policies: aws/karpenter-provider-aws
 * issue 2100, runs-on/terraform-aws-runs-on issue 60).
 */
export function existing(
  call: Ec2Call,
  type: string,
  id: string,
  region = call.region,
): Authorization {
  const { cloud } = call;
  const context: Record<string, string> = {};
  let tags: Tags | undefined;
  switch (type) {
    case 'instance': {
      const instance = cloud.instances.get(region, id);
      tags = instance?.tags;
      context['ec2:InstanceID'] = id;
      if (instance === undefined) break;
      context['ec2:InstanceType'] = instance.instanceType;
      context['ec2:AvailabilityZone'] = instance.zone;
      context['ec2:Tenancy'] = 'default';
      context['ec2:RootDeviceType'] = 'ebs';
      context['ec2:EbsOptimized'] = String(instance.ebsOptimized);
      context['ec2:MetadataHttpTokens'] = instance.metadataOptions.httpTokens;
      if (instance.iamInstanceProfile !== undefined) {
        context['ec2:InstanceProfile'] = instance.iamInstanceProfile.arn;
      }
      break;
    }
    case 'volume': {
      const volume = cloud.volumes.get(region, id);
      tags = volume?.tags;
      context['ec2:VolumeID'] = id;
      if (volume === undefined) break;
      context['ec2:VolumeSize'] = String(volume.sizeGiB);
      context['ec2:VolumeType'] = volume.volumeType;
      context['ec2:Encrypted'] = String(volume.encrypted);
      context['ec2:AvailabilityZone'] = volume.zone;
      if (volume.snapshotId !== '') {
        context['ec2:ParentSnapshot'] = ec2Arn(call, 'snapshot', volume.snapshotId, region);
      }
      break;
    }
    case 'snapshot': {
      const snapshot = cloud.snapshots.get(region, id);
      tags = snapshot?.ownerId === cloud.accountId ? snapshot.tags : undefined;
      context['ec2:SnapshotID'] = id;
      if (snapshot === undefined) break;
      context['ec2:Owner'] = snapshot.ownerId;
      context['ec2:VolumeSize'] = String(snapshot.sizeGiB);
      context['ec2:Encrypted'] = String(snapshot.encrypted);
      context['ec2:ParentVolume'] = ec2Arn(call, 'volume', snapshot.volumeId, region);
      context['ec2:SnapshotTime'] = new Date(snapshot.createdAt).toISOString();
      break;
    }
    case 'image': {
      const image = cloud.images.get(region, id);
      tags = image?.ownerId === cloud.accountId ? image.tags : undefined;
      context['ec2:ImageID'] = id;
      if (image === undefined) break;
      context['ec2:Owner'] = image.ownerAlias ?? image.ownerId;
      context['ec2:Public'] = String(image.permissions.everyone);
      context['ec2:ImageType'] = image.imageType;
      context['ec2:RootDeviceType'] = 'ebs';
      break;
    }
    case 'security-group': {
      const group = cloud.securityGroups.get(region, id);
      tags = group?.tags;
      context['ec2:SecurityGroupID'] = id;
      if (group !== undefined) context['ec2:Vpc'] = ec2Arn(call, 'vpc', group.vpcId, region);
      break;
    }
    case 'subnet': {
      const subnet = defaultSubnets(region).find((one) => one.id === id);
      context['ec2:SubnetID'] = id;
      if (subnet === undefined) break;
      context['ec2:AvailabilityZone'] = subnet.zone;
      context['ec2:Vpc'] = ec2Arn(call, 'vpc', defaultVpcId(region), region);
      break;
    }
    default:
  }
  const { action } = call;
  return {
    action: `ec2:${action}`,
    resource: ec2Arn(call, type, id, region),
    resourceType: type,
    context: { ...context, ...resourceTags(tags) },
  };
}

/** A resource that the call makes, with the tags that the request gives it. */
export function made(call: Ec2Call, type: string, context: Context = {}): Authorization {
  return {
    action: `ec2:${call.action}`,
    resource: ec2Arn(call, type, '*'),
    resourceType: type,
    context: { ...context, ...requestTags(givenTags(call).get(type)) },
  };
}

/** `TagSpecification.N` of the request, by resource type. */
export function givenTags({ flat }: Ec2Call): ReadonlyMap<string, Tags> {
  const byType = new Map<string, Tags>();
  for (const [name, type] of flat) {
    const at = /^(TagSpecification\.\d+)\.ResourceType$/.exec(name)?.[1];
    if (at !== undefined) byType.set(type, { ...byType.get(type), ...tagsBelow(flat, at) });
  }
  return byType;
}

/** `Tag.N.Key` and `Tag.N.Value` below a name of the request. */
export function tagsBelow(flat: ReadonlyMap<string, string>, at: string): Tags {
  const tags: Tags = {};
  for (const [name, key] of flat) {
    if (!name.startsWith(`${at}.Tag.`) && !(at === '' && name.startsWith('Tag.'))) continue;
    if (!name.endsWith('.Key')) continue;
    const value = flat.get(`${name.slice(0, -'Key'.length)}Value`) ?? '';
    Object.defineProperty(tags, key, { value, enumerable: true, configurable: true });
  }
  return tags;
}
