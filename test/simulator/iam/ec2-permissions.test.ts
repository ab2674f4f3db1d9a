/** What EC2 calls need permission for, and how EC2 refuses them. Sources: src/simulator/iam. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import {
  amazonLinux,
  closeTestClouds,
  hvmImage,
  idOf,
  launch,
  newSnapshot,
  newVolume,
  refusal,
} from '../cloud-fixture.js';
import type { Statement } from './principals.js';
import { account, closeClients, cloudWithUser, ec2As } from './principals.js';

const ours = { StringEquals: { 'aws:ResourceTag/owner': 'publisher' } };
const withTag = { StringEquals: { 'aws:RequestTag/owner': 'publisher' } };
const tags = [{ Key: 'owner', Value: 'publisher' }];
const denied = 'UnauthorizedOperation';

describe('IAM: EC2', () => {
  afterEach(closeTestClouds);
  afterEach(closeClients);

  it('says who may not do what on which resource, as EC2 does', async () => {
    const cloud = await cloudWithUser({ Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*' });
    const id = await newVolume(cloud.client());
    const client = ec2As(cloud);
    await client.send(new ec2.DescribeVolumesCommand({ VolumeIds: [id] }));
    const message = await refusal(
      denied,
      client.send(new ec2.DeleteVolumeCommand({ VolumeId: id })),
    );
    const text = `You are not authorized to perform this operation. User: arn:aws:iam::${account}:user/publisher is not authorized to perform: ec2:DeleteVolume on resource: arn:aws:ec2:us-east-1:${account}:volume/${id} because no identity-based policy allows the ec2:DeleteVolume action. Encoded authorization failure message: `;
    assert.equal(message.slice(0, text.length), text);
    assert.match(message.slice(text.length), /^[\w-]{100,}$/);
  });

  it('names the policy type of an explicit deny', async () => {
    const cloud = await cloudWithUser(
      { Effect: 'Allow', Action: 'ec2:*', Resource: '*' },
      { Effect: 'Deny', Action: 'ec2:DeleteVolume', Resource: '*' },
    );
    const id = await newVolume(cloud.client());
    const message = await refusal(
      denied,
      ec2As(cloud).send(new ec2.DeleteVolumeCommand({ VolumeId: id })),
    );
    assert.match(message, /with an explicit deny in an identity-based policy\. Encoded/);
  });

  it('removes what has the tag, and refuses what lacks it or is gone', async () => {
    const cloud = await cloudWithUser({
      Effect: 'Allow',
      Action: 'ec2:DeleteVolume',
      Resource: '*',
      Condition: ours,
    });
    const root = cloud.client();
    const tagged = await newVolume(root, {
      TagSpecifications: [{ ResourceType: 'volume', Tags: tags }],
    });
    const foreign = await newVolume(root);
    const client = ec2As(cloud);
    const remove = (id: string) => client.send(new ec2.DeleteVolumeCommand({ VolumeId: id }));
    await remove(tagged);
    await refusal(denied, remove(foreign));
    // A resource that is gone has no tags any more.
    await refusal(denied, remove('vol-0123456789abcdef0'));
  });

  it('answers a dry run by the policy', async () => {
    const cloud = await cloudWithUser({
      Effect: 'Allow',
      Action: 'ec2:DeregisterImage',
      Resource: '*',
    });
    const client = ec2As(cloud);
    const ImageId = 'ami-0123456789abcdef0';
    await refusal(
      'DryRunOperation',
      client.send(new ec2.DeregisterImageCommand({ DryRun: true, ImageId })),
    );
    await refusal(
      denied,
      client.send(
        new ec2.EnableImageDeprecationCommand({ DryRun: true, ImageId, DeprecateAt: new Date() }),
      ),
    );
  });

  it('asks for each resource of a launch, and for the role that it hands over', async () => {
    const types = [
      'image',
      'instance',
      'network-interface',
      'subnet',
      'security-group',
      'volume',
      'snapshot',
    ];
    const arn = (type: string): string =>
      type === 'image' || type === 'snapshot'
        ? `arn:aws:ec2:us-east-1::${type}/*`
        : `arn:aws:ec2:us-east-1:${account}:${type}/*`;
    const pass: Statement = {
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: `arn:aws:iam::${account}:role/fedimg-utility`,
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    };
    const missing = async (left: string | undefined, withPass = true): Promise<string> => {
      const resources = types.filter((type) => type !== left).map(arn);
      const allowed: Statement = {
        Effect: 'Allow',
        Action: 'ec2:RunInstances',
        Resource: resources,
      };
      const cloud = await cloudWithUser(allowed, ...(withPass ? [pass] : []));
      const ImageId = await amazonLinux(cloud.client());
      const launching = launch(ec2As(cloud), {
        ImageId,
        IamInstanceProfile: { Name: 'fedimg-utility' },
      });
      try {
        await launching;
      } catch (error) {
        assert(error instanceof Error, String(error));
        assert.equal(error.name, denied, error.message);
        return /perform: (\S+ on resource: \S+) because/.exec(error.message)?.[1] ?? error.message;
      }
      return 'launched';
    };
    assert.equal(await missing(undefined), 'launched');
    for (const type of types) {
      const resource = arn(type).slice(0, -1);
      const text = await missing(type);
      assert(text.startsWith(`ec2:RunInstances on resource: ${resource}`), `${type}: ${text}`);
    }
    assert.equal(
      await missing(undefined, false),
      `iam:PassRole on resource: arn:aws:iam::${account}:role/fedimg-utility`,
    );
  });

  it('asks for CreateTags when a resource is made with tags, with the action that makes it', async () => {
    const make: Statement = {
      Effect: 'Allow',
      Action: 'ec2:CreateVolume',
      Resource: '*',
      Condition: withTag,
    };
    const tagIt: Statement = {
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: `arn:aws:ec2:*:${account}:volume/*`,
      Condition: { StringEquals: { 'ec2:CreateAction': 'CreateVolume' } },
    };
    const specification = { TagSpecifications: [{ ResourceType: 'volume' as const, Tags: tags }] };
    const cloud = await cloudWithUser(make, tagIt);
    const id = await newVolume(ec2As(cloud), specification);
    await refusal(denied, newVolume(ec2As(cloud)));
    const later = new ec2.CreateTagsCommand({ Resources: [id], Tags: tags });
    assert.match(
      await refusal(denied, ec2As(cloud).send(later)),
      /ec2:CreateTags on resource: \S+\/vol-/,
    );

    const withoutTagging = await cloudWithUser(make);
    const message = await refusal(denied, newVolume(ec2As(withoutTagging), specification));
    assert.match(message, /ec2:CreateTags on resource: \S+:volume\/\* because/);
  });

  it('limits the keys of tags that are set later', async () => {
    const cloud = await cloudWithUser({
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: '*',
      Condition: { 'ForAllValues:StringLike': { 'aws:TagKeys': ['state:*'] } },
    });
    const id = await newVolume(cloud.client());
    const tag = (Key: string) =>
      ec2As(cloud).send(new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key, Value: '' }] }));
    await tag('state:complete');
    await refusal(denied, tag('owner'));
  });

  it('asks for the source of a snapshot copy, too; its owner counts and its tags do not', async () => {
    const copy = async (...statements: Statement[]): Promise<string | undefined> => {
      const cloud = await cloudWithUser(...statements);
      const specification = { ResourceType: 'snapshot' as const, Tags: tags };
      const source = await newSnapshot(cloud.client(), { TagSpecifications: [specification] });
      const command = new ec2.CopySnapshotCommand({
        SourceRegion: 'us-east-1',
        SourceSnapshotId: source,
        TagSpecifications: [specification],
      });
      try {
        await ec2As(cloud, undefined, 'eu-west-1').send(command);
        return undefined;
      } catch (error) {
        assert(error instanceof Error, String(error));
        return /on resource: (\S+) /.exec(error.message)?.[1]?.replace(source, 'SOURCE');
      }
    };
    const action = { Effect: 'Allow', Action: 'ec2:CopySnapshot' } as const;
    const makes: Statement = {
      ...action,
      Resource: 'arn:aws:ec2:eu-west-1::snapshot/*',
      Condition: withTag,
    };
    const tagging: Statement = { Effect: 'Allow', Action: 'ec2:CreateTags', Resource: '*' };
    const source: Statement = {
      ...action,
      Resource: 'arn:aws:ec2:us-east-1::snapshot/*',
      Condition: { StringEquals: { 'ec2:Owner': account } },
    };
    assert.equal(await copy(makes, tagging), 'arn:aws:ec2:us-east-1::snapshot/SOURCE');
    assert.equal(await copy(source, tagging), 'arn:aws:ec2:eu-west-1::snapshot/*');
    assert.equal(
      await copy(makes, tagging, { ...source, Condition: ours }),
      'arn:aws:ec2:us-east-1::snapshot/SOURCE',
    );
    assert.equal(await copy(makes, tagging, source), undefined);
  });

  it('asks for the snapshot of an image that is registered', async () => {
    const register = { Effect: 'Allow', Action: 'ec2:RegisterImage' } as const;
    const cloud = await cloudWithUser(
      { ...register, Resource: 'arn:aws:ec2:*::image/*' },
      { ...register, Resource: 'arn:aws:ec2:*::snapshot/*', Condition: ours },
    );
    const foreign = await newSnapshot(cloud.client());
    const own = await newSnapshot(cloud.client(), {
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: tags }],
    });
    const make = (id: string) => ec2As(cloud).send(new ec2.RegisterImageCommand(hvmImage(id)));
    assert.match(await refusal(denied, make(foreign)), new RegExp(`snapshot/${foreign}`));
    idOf((await make(own)).ImageId);
  });

  it('asks for the instance of a volume that is detached', async () => {
    const detach = { Effect: 'Allow', Action: 'ec2:DetachVolume' } as const;
    const cloud = await cloudWithUser({ ...detach, Resource: `arn:aws:ec2:*:${account}:volume/*` });
    const root = cloud.client();
    const instance = await launch(root, {
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }],
    });
    const { Volumes: volumes = [] } = await root.send(
      new ec2.DescribeVolumesCommand({
        Filters: [{ Name: 'attachment.device', Values: ['/dev/sdf'] }],
      }),
    );
    const VolumeId = idOf(volumes[0]?.VolumeId);
    const message = await refusal(
      denied,
      ec2As(cloud).send(new ec2.DetachVolumeCommand({ VolumeId })),
    );
    assert.match(message, new RegExp(`instance/${instance}`));
  });

  it('limits with whom a snapshot is shared', async () => {
    const cloud = await cloudWithUser({
      Effect: 'Allow',
      Action: 'ec2:ModifySnapshotAttribute',
      Resource: '*',
      Condition: { StringEquals: { 'ec2:Add/group': 'all' } },
    });
    const SnapshotId = await newSnapshot(cloud.client());
    const change = {
      SnapshotId,
      Attribute: 'createVolumePermission',
      OperationType: 'add',
    } as const;
    const client = ec2As(cloud);
    await client.send(new ec2.ModifySnapshotAttributeCommand({ ...change, GroupNames: ['all'] }));
    await refusal(
      denied,
      client.send(new ec2.ModifySnapshotAttributeCommand({ ...change, UserIds: ['444455556666'] })),
    );
  });
});
