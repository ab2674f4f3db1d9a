/** EC2's documented behaviour of RunInstances. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import { LabelParameterVersionCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  amazonLinux,
  closeTestClouds,
  idOf,
  imageOf,
  inState,
  instanceOf,
  launch,
  newImage,
  openTestCloud,
  refusal,
  testCredentials,
  volumeOf,
} from '../cloud-fixture.js';

describe('contract: RunInstances', () => {
  afterEach(closeTestClouds);

  it('launches pending, then runs, with its volumes attached (EC2 user guide, instance lifecycle)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const { Instances: instances = [] } = await client.send(
      new ec2.RunInstancesCommand({
        ImageId: await amazonLinux(client),
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        BlockDeviceMappings: [
          { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 3, VolumeType: 'gp3' } },
        ],
      }),
    );
    assert.equal(instances[0]?.State?.Name, 'pending');
    const id = idOf(instances[0]?.InstanceId);
    const running = await inState(client, id, 'running');
    const devices = running.BlockDeviceMappings?.map((device) => device.DeviceName);
    assert.deepEqual(devices, ['/dev/xvda', '/dev/sdf']);
    const machine = cloud.machines.machines.get(id);
    assert.equal(machine?.spec.os, 'amazon-linux-2023');
    assert.equal(machine.spec.rootDevice.sizeBytes, 8 * 1024 ** 3);
    assert.equal(machine.spec.otherDisks[0]?.sizeBytes, 3 * 1024 ** 3);
  });

  it('answers the same instances for the same token, in their present state (developer guide, idempotency)', async () => {
    const client = (await openTestCloud()).client();
    const ImageId = await amazonLinux(client);
    const input = { ImageId, ClientToken: 'token-1' };
    const [first, second] = await Promise.all([launch(client, input), launch(client, input)]);
    assert.equal(first, second);
    await inState(client, first, 'running');
    assert.equal(await launch(client, input), first);
    const { Reservations: found = [] } = await client.send(
      new ec2.DescribeInstancesCommand({
        Filters: [{ Name: 'client-token', Values: ['token-1'] }],
      }),
    );
    assert.equal(found.length, 1);
  });

  it('refuses a token whose other parameters have changed (error codes, IdempotentParameterMismatch)', async () => {
    const client = (await openTestCloud()).client();
    await launch(client, { ClientToken: 'token-1' });
    await refusal(
      'IdempotentParameterMismatch',
      launch(client, { ClientToken: 'token-1', InstanceType: 't3.small' }),
    );
  });

  it('launches again with the same token in another zone (developer guide, zonal idempotency)', async () => {
    const client = (await openTestCloud()).client();
    const inZone = (zone: string): Promise<string> =>
      launch(client, { ClientToken: 'token-1', Placement: { AvailabilityZone: zone } });
    const first = await inZone('us-east-1a');
    assert.equal(await inZone('us-east-1a'), first);
    assert.notEqual(await inZone('us-east-1b'), first);
  });

  it('refuses the token of a terminated instance (error codes, IdempotentInstanceTerminated)', async () => {
    const client = (await openTestCloud()).client();
    const id = await launch(client, { ClientToken: 'token-1' });
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(client, id, 'terminated');
    await refusal('IdempotentInstanceTerminated', launch(client, { ClientToken: 'token-1' }));
  });

  it('refuses an image that does not fit the type (user guide, compatibility of AMIs)', async () => {
    const client = (await openTestCloud()).client();
    const arm = await amazonLinux(client, 'arm64');
    await refusal(
      'InvalidParameterValue',
      launch(client, { ImageId: arm, InstanceType: 't3.micro' }),
    );
    await refusal('InvalidParameterCombination', launch(client, { InstanceType: 't1.micro' }));
    const plain = await newImage(client, { EnaSupport: false });
    await refusal('InvalidParameterCombination', launch(client, { ImageId: plain }));
    assert.ok(
      await launch(client, { ImageId: plain, InstanceType: 't2.micro' }),
      "no launch(client, { ImageId: plain, InstanceType: 't2.micro' })",
    );
    await refusal(
      'InvalidParameterValue',
      launch(client, { InstanceType: 'x9.huge' as 't3.nano' }),
    );
  });

  it('launches paravirtual images on old types only, where there are any (user guide, AMI types)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const { Images: kernels = [] } = await client.send(
      new ec2.DescribeImagesCommand({
        Owners: ['amazon'],
        Filters: [{ Name: 'name', Values: ['pv-grub-hd0_1.05-x86_64.gz'] }],
      }),
    );
    const paravirtual = await newImage(client, {
      VirtualizationType: 'paravirtual',
      EnaSupport: false,
      KernelId: kernels[0]?.ImageId,
    });
    await refusal('InvalidParameterCombination', launch(client, { ImageId: paravirtual }));
    const id = await launch(client, { ImageId: paravirtual, InstanceType: 'm3.medium' });
    await inState(client, id, 'running');
    assert.equal(cloud.machines.machines.get(id)?.spec.virtualizationType, 'paravirtual');
    await refusal('Unsupported', launch(cloud.client('eu-north-1'), { InstanceType: 'm3.medium' }));
  });

  it('refuses user-data that is not base64 or larger than 16 KB (user guide, user data)', async () => {
    const client = (await openTestCloud()).client();
    const UserData = Buffer.alloc(16_385, 'x').toString('base64');
    await refusal('InvalidParameterValue', launch(client, { UserData }));
    await refusal('InvalidUserData.Malformed', launch(client, { UserData: '***' }));
  });

  it('refuses an instance profile that has not propagated yet (facts note: InvalidParameterValue naming it)', async () => {
    const client = (await openTestCloud({ settings: { instanceProfiles: ['known'] } })).client();
    const message = await refusal(
      'InvalidParameterValue',
      launch(client, { IamInstanceProfile: { Name: 'late' } }),
    );
    assert.match(message, /iamInstanceProfile/);
    assert.ok(
      await launch(client, { IamInstanceProfile: { Name: 'known' } }),
      "no launch(client, { IamInstanceProfile: { Name: 'known' } })",
    );
  });

  it('tags at creation the instance and its volumes, and refuses other types (RunInstances, TagSpecifications)', async () => {
    const client = (await openTestCloud()).client();
    const tags = [{ Key: 'run', Value: '1' }];
    const id = await launch(client, {
      TagSpecifications: [
        { ResourceType: 'instance', Tags: tags },
        { ResourceType: 'volume', Tags: [{ Key: 'disk', Value: '2' }] },
      ],
    });
    const instance = await inState(client, id, 'running');
    assert.deepEqual(instance.Tags, tags);
    const volume = await volumeOf(client, idOf(instance.BlockDeviceMappings?.[0]?.Ebs?.VolumeId));
    assert.deepEqual(volume.Tags, [{ Key: 'disk', Value: '2' }]);
    await refusal(
      'InvalidParameterValue',
      launch(client, { TagSpecifications: [{ ResourceType: 'snapshot', Tags: tags }] }),
    );
  });

  it('counts vCPUs against the quota when there is one (error codes, VcpuLimitExceeded)', async () => {
    const client = (await openTestCloud({ settings: { vcpusPerRegion: 3 } })).client();
    await launch(client);
    await refusal('VcpuLimitExceeded', launch(client));
  });

  it('counts the vCPUs of an instance that shuts down until it has terminated, also for a start', async () => {
    const settings = { vcpusPerRegion: 2 };
    const client = (await openTestCloud({ settings, latency: 'fast' })).client();
    const stopped = await launch(client);
    await inState(client, stopped, 'running');
    await client.send(new ec2.StopInstancesCommand({ InstanceIds: [stopped] }));
    await refusal('VcpuLimitExceeded', launch(client));
    await inState(client, stopped, 'stopped');
    const second = await launch(client);
    const start = (): Promise<unknown> =>
      client.send(new ec2.StartInstancesCommand({ InstanceIds: [stopped] }));
    await refusal('VcpuLimitExceeded', start());
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [second] }));
    await refusal('VcpuLimitExceeded', start());
    await inState(client, second, 'terminated');
    await start();
  });

  it('resolves a Systems Manager parameter in place of an AMI id, by version and label, too (ImageId: resolve:ssm)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const { url: endpoint } = cloud;
    const ssm = new SSMClient({ region: 'us-east-1', endpoint, credentials: testCredentials });
    const own = await newImage(client);
    const latest = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const put = { Name: '/ami', Type: 'String', Overwrite: true } as const;
    await ssm.send(new PutParameterCommand({ ...put, Value: own }));
    await ssm.send(new LabelParameterVersionCommand({ Name: '/ami', Labels: ['tested'] }));
    await ssm.send(new PutParameterCommand({ ...put, Value: 'not an id' }));
    ssm.destroy();
    const imageIn = async (ImageId: string): Promise<string | undefined> =>
      (await instanceOf(client, await launch(client, { ImageId }))).ImageId;
    assert.equal(await imageIn(`resolve:ssm:${latest}`), await amazonLinux(client));
    assert.equal(await imageIn('resolve:ssm:/ami:1'), own);
    assert.equal(await imageIn('resolve:ssm:/ami:tested'), own);
    for (const name of ['/ami', '/ami:3', '/none']) {
      const message = await refusal('InvalidParameterValue', imageIn(`resolve:ssm:${name}`));
      assert.match(message, new RegExp(name));
    }
  });

  it('takes IMDS defaults from the image (user guide, configure the AMI)', async () => {
    const client = (await openTestCloud()).client();
    const strict = await instanceOf(client, await launch(client));
    assert.equal(strict.MetadataOptions?.HttpTokens, 'required');
    assert.equal(strict.MetadataOptions.HttpPutResponseHopLimit, 2);
    const plain = await newImage(client);
    assert.equal((await imageOf(client, plain)).ImdsSupport, undefined);
    const loose = await instanceOf(client, await launch(client, { ImageId: plain }));
    assert.equal(loose.MetadataOptions?.HttpTokens, 'optional');
  });
});
