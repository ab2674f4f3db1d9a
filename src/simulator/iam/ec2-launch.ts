/** What RunInstances needs permission for: each resource that it uses and each that it makes, and to hand over a role. */

import { defaultGroupId, defaultSubnets, defaultVpcId } from '../ec2/lib/network-defaults.js';
import { findParameter } from '../ssm/parameter-store.js';
import { arnOf, ec2Principal } from '../partition.js';
import type { Authorization, Context } from './decision.js';
import type { Ec2Call } from './ec2-resources.js';
import { ec2Arn, existing, made } from './ec2-resources.js';

/**
 * EC2 user guide, "Example policies to control access to the EC2 API", launch instances: image, instance, volume,
 * network interface, subnet, security group, key pair, and the snapshots that volumes are made from.
 */
export function launchAuthorizations(call: Ec2Call): Authorization[] {
  const { flat } = call;
  const values = (pattern: RegExp): string[] =>
    [...flat].filter(([name]) => pattern.test(name)).map(([, value]) => value);
  const subnet = flat.get('SubnetId') ?? flat.get('NetworkInterface.1.SubnetId');
  const groups = values(/^(?:NetworkInterface\.\d+\.)?SecurityGroupId\.\d+$/);
  const image = imageOf(call);
  const key = flat.get('KeyName');
  return [
    ...(image.parameter === undefined ? [] : [image.parameter]),
    existing(call, 'image', image.id),
    made(call, 'instance', instanceContext(call)),
    made(call, 'network-interface', interfaceContext(call, subnet)),
    existing(call, 'subnet', subnet ?? defaultSubnets(call.region)[0]?.id ?? '*'),
    ...(groups.length === 0 ? [defaultGroupId(call.region)] : groups).map((id) =>
      existing(call, 'security-group', id),
    ),
    ...disksOf(call, image.id),
    ...(key === undefined
      ? []
      : [
          {
            action: 'ec2:RunInstances',
            resource: ec2Arn(call, 'key-pair', key),
            resourceType: 'key-pair',
            context: { 'ec2:KeyPairName': key },
          },
        ]),
    ...passedRole(call),
  ];
}

/** EC2 user guide, "Reference AMIs using Systems Manager parameters": the caller must be allowed to read it. */
function imageOf(call: Ec2Call): { readonly id: string; readonly parameter?: Authorization } {
  const given = call.flat.get('ImageId') ?? '*';
  const prefix = 'resolve:ssm:';
  if (!given.startsWith(prefix)) return { id: given };
  const asked = given.slice(prefix.length);
  const found = findParameter(call.cloud, call.region, asked);
  const name = typeof found === 'object' ? found.record.name : asked;
  return {
    id: typeof found === 'object' ? found.version.value : '*',
    parameter: {
      action: 'ssm:GetParameters',
      resource: parameterArn(call, name),
      resourceType: 'parameter',
      context: {},
    },
  };
}

/** SSM user guide, "Restricting access to parameters"; AWS's public parameters have no account. */
export function parameterArn(call: Pick<Ec2Call, 'cloud' | 'region'>, given: string): string {
  if (given.startsWith('arn:')) return given;
  const name = given.replace(/:[^/:]+$/, '');
  const account = name.startsWith('/aws/') ? '' : call.cloud.accountId;
  const path = name.startsWith('/') ? name : `/${name}`;
  return arnOf('ssm', { region: call.region, account, resource: `parameter${path}` });
}

function instanceContext({ flat, cloud }: Ec2Call): Context {
  const profile = profileOf(flat);
  const zone = flat.get('Placement.AvailabilityZone');
  return {
    'ec2:InstanceType': flat.get('InstanceType') ?? 'm1.small',
    'ec2:Tenancy': flat.get('Placement.Tenancy') ?? 'default',
    'ec2:RootDeviceType': 'ebs',
    'ec2:EbsOptimized': flat.get('EbsOptimized') ?? 'false',
    'ec2:MetadataHttpTokens': flat.get('MetadataOptions.HttpTokens') ?? 'optional',
    'ec2:MetadataHttpEndpoint': flat.get('MetadataOptions.HttpEndpoint') ?? 'enabled',
    'ec2:MetadataHttpPutResponseHopLimit':
      flat.get('MetadataOptions.HttpPutResponseHopLimit') ?? '1',
    'ec2:InstanceMarketType': flat.get('InstanceMarketOptions.MarketType') ?? 'on-demand',
    ...(zone === undefined ? {} : { 'ec2:AvailabilityZone': zone }),
    ...(profile === undefined
      ? {}
      : {
          'ec2:InstanceProfile': arnOf('iam', {
            partition: cloud.settings.partition,
            account: cloud.accountId,
            resource: `instance-profile/${profile}`,
          }),
        }),
  };
}

function interfaceContext(call: Ec2Call, subnet: string | undefined): Context {
  const publicIp = call.flat.get('NetworkInterface.1.AssociatePublicIpAddress');
  return {
    'ec2:Vpc': ec2Arn(call, 'vpc', defaultVpcId(call.region)),
    ...(subnet === undefined ? {} : { 'ec2:Subnet': ec2Arn(call, 'subnet', subnet) }),
    ...(publicIp === undefined ? {} : { 'ec2:AssociatePublicIpAddress': publicIp }),
  };
}

interface Disk {
  readonly size?: string | undefined;
  readonly type?: string | undefined;
  readonly encrypted?: string | undefined;
  readonly snapshot?: string | undefined;
}

/** The image's volumes and those of the request, which come in place of the image's of the same device. */
function disksOf(call: Ec2Call, imageId: string): Authorization[] {
  const { flat, cloud, region } = call;
  const disks = new Map<string, Disk>();
  for (const { deviceName, ebs } of cloud.images.get(region, imageId)?.blockDevices ?? []) {
    if (ebs === undefined) continue;
    const { volumeSizeGiB, volumeType, encrypted, snapshotId: snapshot } = ebs;
    const size = String(volumeSizeGiB);
    disks.set(deviceName, { size, type: volumeType, encrypted: String(encrypted), snapshot });
  }
  for (const [name, device] of flat) {
    const at = /^(BlockDeviceMapping\.\d+)\.DeviceName$/.exec(name)?.[1];
    if (at === undefined || flat.has(`${at}.VirtualName`)) continue;
    if (flat.has(`${at}.NoDevice`)) {
      disks.delete(device);
      continue;
    }
    const ofImage = disks.get(device);
    disks.set(device, {
      size: flat.get(`${at}.Ebs.VolumeSize`) ?? ofImage?.size,
      type: flat.get(`${at}.Ebs.VolumeType`) ?? ofImage?.type ?? 'gp2',
      encrypted: flat.get(`${at}.Ebs.Encrypted`) ?? ofImage?.encrypted ?? 'false',
      snapshot: flat.get(`${at}.Ebs.SnapshotId`) ?? ofImage?.snapshot,
    });
  }
  return [...disks.values()].flatMap(({ size, type, encrypted, snapshot }) => [
    made(call, 'volume', {
      ...(size === undefined ? {} : { 'ec2:VolumeSize': size }),
      ...(type === undefined ? {} : { 'ec2:VolumeType': type }),
      ...(encrypted === undefined ? {} : { 'ec2:Encrypted': encrypted }),
      ...(snapshot === undefined
        ? {}
        : { 'ec2:ParentSnapshot': ec2Arn(call, 'snapshot', snapshot) }),
    }),
    ...(snapshot === undefined ? [] : [existing(call, 'snapshot', snapshot)]),
  ]);
}

function profileOf(flat: ReadonlyMap<string, string>): string | undefined {
  return (
    flat.get('IamInstanceProfile.Name') ?? flat.get('IamInstanceProfile.Arn')?.split('/').at(-1)
  );
}

/** IAM user guide, "Grant a user permissions to pass a role to an AWS service". */
function passedRole(call: Ec2Call): Authorization[] {
  const { cloud, flat } = call;
  const profile = profileOf(flat);
  if (profile === undefined) return [];
  const role = cloud.iam.roleOfProfile(profile);
  return [
    {
      action: 'iam:PassRole',
      resource: arnOf('iam', {
        partition: cloud.settings.partition,
        account: cloud.accountId,
        resource: `role/${role}`,
      }),
      resourceType: 'role',
      context: {
        'iam:PassedToService': ec2Principal(call.region),
        'iam:AssociatedResourceArn': ec2Arn(call, 'instance', '*'),
      },
    },
  ];
}
