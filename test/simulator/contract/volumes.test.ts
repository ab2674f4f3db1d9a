/** EC2's documented behaviour of volumes. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import * as ec2 from '@aws-sdk/client-ec2';
import type { TestCloud } from '../cloud-fixture.js';
import {
  closeTestClouds,
  idOf,
  inState,
  instanceOf,
  launch,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  setFaults,
  until,
  volumeOf,
} from '../cloud-fixture.js';

function fileOf(cloud: TestCloud, volumeId: string): string {
  return `${cloud.stateDir}/volumes/${volumeId}.img`;
}

describe('contract: volumes', () => {
  afterEach(closeTestClouds);

  it('makes a blank gp2 volume of zeros at its full size by default (CreateVolume)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const created = await client.send(
      new ec2.CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 2 }),
    );
    assert.equal(created.State, 'creating');
    assert.equal(created.VolumeType, 'gp2');
    const id = idOf(created.VolumeId);
    assert.equal((await volumeOf(client, id)).State, 'available');
    const { size, blocks } = await fs.stat(fileOf(cloud, id));
    assert.equal(size, 2 * 1024 ** 3);
    assert.equal(blocks, 0, 'it must take no room');
  });

  it('carries the bytes of its snapshot even when the snapshot is deleted at once', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const source = await newVolume(client);
    await fs.writeFile(fileOf(cloud, source), 'the bytes', { flag: 'r+' });
    const snapshot = await newSnapshot(client, { VolumeId: source });
    const [id] = await Promise.all([
      newVolume(client, { SnapshotId: snapshot, Size: 2 }),
      client.send(new ec2.DescribeRegionsCommand({})),
    ]);
    await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshot }));
    const handle = await fs.open(fileOf(cloud, id));
    const { buffer } = await handle.read(Buffer.alloc(9), 0, 9, 0);
    await handle.close();
    assert.equal(buffer.toString(), 'the bytes');
    assert.equal((await fs.stat(fileOf(cloud, id))).size, 2 * 1024 ** 3);
  });

  it('honours the token, and refuses it with another size (developer guide, idempotency)', async () => {
    const client = (await openTestCloud()).client();
    const first = await newVolume(client, { ClientToken: 'token-1' });
    assert.equal(await newVolume(client, { ClientToken: 'token-1' }), first);
    await refusal(
      'IdempotentParameterMismatch',
      newVolume(client, { ClientToken: 'token-1', Size: 9 }),
    );
  });

  it('refuses sizes that the type does not have, or that are below the snapshot (CreateVolume, Size)', async () => {
    const client = (await openTestCloud()).client();
    await refusal(
      'InvalidParameterValue',
      newVolume(client, { VolumeType: 'standard', Size: 1025 }),
    );
    await refusal('InvalidParameterValue', newVolume(client, { VolumeType: 'gp2', Size: 16_385 }));
    await refusal('UnknownVolumeType', newVolume(client, { VolumeType: 'gp9' as 'gp2' }));
    await refusal(
      'InvalidParameterCombination',
      newVolume(client, { VolumeType: 'gp2', Iops: 3000 }),
    );
    const snapshot = await newSnapshot(client, { VolumeId: await newVolume(client, { Size: 4 }) });
    await refusal('InvalidParameterValue', newVolume(client, { SnapshotId: snapshot, Size: 3 }));
    const noSize = { AvailabilityZone: 'us-east-1a' };
    await refusal('MissingParameter', client.send(new ec2.CreateVolumeCommand(noSize)));
    await refusal('InvalidZone.NotFound', newVolume(client, { AvailabilityZone: 'eu-west-1a' }));
  });

  it('attaches in the same zone, once, to a free device (AttachVolume)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const instance = await launch(client, { Placement: { AvailabilityZone: 'us-east-1a' } });
    await inState(client, instance, 'running');
    const volume = await newVolume(client);
    const attach = (VolumeId: string, Device = '/dev/sdf'): Promise<unknown> =>
      client.send(new ec2.AttachVolumeCommand({ InstanceId: instance, VolumeId, Device }));
    const elsewhere = await newVolume(client, { AvailabilityZone: 'us-east-1b' });
    await refusal('InvalidVolume.ZoneMismatch', attach(elsewhere));
    await attach(volume);
    assert.deepEqual(cloud.machines.machines.get(instance)?.attached, [volume]);
    await refusal('VolumeInUse', attach(volume, '/dev/sdg'));
    await refusal('InvalidParameterValue', attach(await newVolume(client)));
    assert.equal((await volumeOf(client, volume)).Attachments?.[0]?.DeleteOnTermination, false);
  });

  it('refuses to attach to an instance that is neither running nor stopped (error codes, IncorrectState)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [{ action: 'RunInstances', kind: 'stuck', forMs: 60_000 }]);
    const instance = await launch(client, { Placement: { AvailabilityZone: 'us-east-1a' } });
    const volume = await newVolume(client);
    await refusal(
      'IncorrectState',
      client.send(
        new ec2.AttachVolumeCommand({ InstanceId: instance, VolumeId: volume, Device: '/dev/sdf' }),
      ),
    );
  });

  it('refuses to delete an attached volume, and forgets a deleted one (DeleteVolume)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const instance = await launch(client);
    const { BlockDeviceMappings: devices = [] } = await inState(client, instance, 'running');
    const root = idOf(devices[0]?.Ebs?.VolumeId);
    await refusal('VolumeInUse', client.send(new ec2.DeleteVolumeCommand({ VolumeId: root })));
    const volume = await newVolume(client);
    await client.send(new ec2.DeleteVolumeCommand({ VolumeId: volume }));
    await refusal(
      'InvalidVolume.NotFound',
      client.send(new ec2.DeleteVolumeCommand({ VolumeId: volume })),
    );
    await assert.rejects(fs.stat(fileOf(cloud, volume)), { code: 'ENOENT' });
  });

  it('detaches, but not what the guest holds on to, and never the root of a running instance (DetachVolume)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const instance = await launch(client, { Placement: { AvailabilityZone: 'us-east-1a' } });
    const { BlockDeviceMappings: devices = [] } = await inState(client, instance, 'running');
    const root = idOf(devices[0]?.Ebs?.VolumeId);
    await refusal(
      'OperationNotPermitted',
      client.send(new ec2.DetachVolumeCommand({ VolumeId: root })),
    );
    const volume = await newVolume(client);
    await refusal('IncorrectState', client.send(new ec2.DetachVolumeCommand({ VolumeId: volume })));
    await client.send(
      new ec2.AttachVolumeCommand({ InstanceId: instance, VolumeId: volume, Device: '/dev/sdf' }),
    );
    const machine = cloud.machines.machines.get(instance);
    machine?.mounted.add(volume);
    const held = await client.send(new ec2.DetachVolumeCommand({ VolumeId: volume }));
    assert.equal(held.State, 'busy');
    assert.equal((await volumeOf(client, volume)).State, 'in-use');
    machine?.mounted.clear();
    await until(async () => (await volumeOf(client, volume)).State === 'available');
    assert.equal((await instanceOf(client, instance)).BlockDeviceMappings?.length, 1);
  });

  it('names ids that are malformed or not there (error codes)', async () => {
    const client = (await openTestCloud()).client();
    await refusal('InvalidVolumeID.Malformed', volumeOf(client, 'vol-xyz'));
    await refusal('InvalidVolume.NotFound', volumeOf(client, 'vol-0123456789abcdef0'));
  });

  it('is encrypted where encryption by default is on (EBS user guide, encryption by default)', async () => {
    const client = (await openTestCloud()).client();
    await client.send(new ec2.EnableEbsEncryptionByDefaultCommand({}));
    assert.equal((await volumeOf(client, await newVolume(client))).Encrypted, true);
    const abroad = await client.send(new ec2.GetEbsEncryptionByDefaultCommand({}));
    assert.equal(abroad.EbsEncryptionByDefault, true);
  });
});
