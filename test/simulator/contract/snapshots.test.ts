/** EC2's documented behaviour of snapshots. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import * as ec2 from '@aws-sdk/client-ec2';
import {
  closeTestClouds,
  hvmImage,
  idOf,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  setFaults,
  snapshotOf,
  until,
} from '../cloud-fixture.js';

describe('contract: snapshots', () => {
  afterEach(closeTestClouds);

  it('holds the bytes of the moment of the call, not later ones (EBS user guide, create snapshots)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const volume = await newVolume(client);
    const file = `${cloud.stateDir}/volumes/${volume}.img`;
    await fs.writeFile(file, 'before', { flag: 'r+' });
    const snapshot = await newSnapshot(client, { VolumeId: volume });
    await fs.writeFile(file, 'after!', { flag: 'r+' });
    const response = await fetch(`${cloud.url}/_fedimg/snapshots/us-east-1/${snapshot}`, {
      headers: { range: 'bytes=0-8191' },
    });
    assert.equal(response.status, 206);
    assert.equal(response.headers.get('content-range'), `bytes 0-8191/${1024 ** 3}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.deepEqual(bytes, Buffer.concat([Buffer.from('before'), Buffer.alloc(8186)]));
    const { blocks } = await fs.stat(`${cloud.stateDir}/snapshots/${snapshot}.img`);
    assert.ok(blocks <= 16, `${blocks} blocks for six bytes: the holes are gone`);
  });

  it('is pending with progress, then completed (DescribeSnapshots)', async () => {
    const cloud = await openTestCloud({ latency: 'fast' });
    const client = cloud.client();
    const create = async (): Promise<string> => {
      const volume = await newVolume(client);
      await until(async () => {
        const { Volumes: volumes } = await client.send(
          new ec2.DescribeVolumesCommand({ VolumeIds: [volume] }),
        );
        return volumes?.[0]?.State === 'available';
      });
      const created = await client.send(new ec2.CreateSnapshotCommand({ VolumeId: volume }));
      assert.equal(created.State, 'pending');
      return idOf(created.SnapshotId);
    };
    // Pending for good, and not only for as long as a call may take.
    await setFaults(cloud, [{ action: 'CreateSnapshot', kind: 'stuck', forMs: 3_600_000 }]);
    const pending = await snapshotOf(client, await create());
    assert.equal(pending.State, 'pending');
    assert.notEqual(pending.Progress, '100%');
    const id = await create();
    const done = await until(async () => {
      const snapshot = await snapshotOf(client, id);
      return snapshot.State === 'completed' && snapshot;
    });
    assert.equal(done.Progress, '100%');
  });

  it('refuses a second snapshot of a volume while one is pending and young (error codes, SnapshotCreationPerVolumeRateExceeded)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const volume = await newVolume(client);
    await setFaults(cloud, [{ action: 'CreateSnapshot', kind: 'stuck', forMs: 60_000 }]);
    await newSnapshot(client, { VolumeId: volume });
    await refusal(
      'SnapshotCreationPerVolumeRateExceeded',
      newSnapshot(client, { VolumeId: volume }),
    );
  });

  it('copies with new tags only and an arbitrary volume id, sharing the bytes (CopySnapshot)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const tags = [{ Key: 'from', Value: 'source' }];
    const source = await newSnapshot(client, {
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: tags }],
    });
    const abroad = cloud.client('eu-west-1');
    const { SnapshotId: copy } = await abroad.send(
      new ec2.CopySnapshotCommand({
        SourceRegion: 'us-east-1',
        SourceSnapshotId: source,
        TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'copy', Value: 'yes' }] }],
      }),
    );
    const copied = await snapshotOf(abroad, idOf(copy));
    assert.deepEqual(copied.Tags, [{ Key: 'copy', Value: 'yes' }]);
    assert.equal(copied.VolumeId, 'vol-ffffffff');
    const inode = async (id: string): Promise<number> =>
      (await fs.stat(`${cloud.stateDir}/snapshots/${id}.img`)).ino;
    assert.equal(await inode(idOf(copy)), await inode(source));
    await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: source }));
    const response = await fetch(`${cloud.url}/_fedimg/snapshots/eu-west-1/${copy}`, {
      method: 'HEAD',
    });
    assert.equal(response.status, 200);
  });

  it('refuses a copy of what is not completed or not there (EBS user guide, copy a snapshot)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [{ action: 'CreateSnapshot', kind: 'stuck', forMs: 60_000 }]);
    const source = await newSnapshot(client);
    const copy = (SourceSnapshotId: string, SourceRegion = 'us-east-1'): Promise<unknown> =>
      cloud
        .client('eu-west-1')
        .send(new ec2.CopySnapshotCommand({ SourceRegion, SourceSnapshotId }));
    await refusal('IncorrectState', copy(source));
    await refusal('InvalidSnapshot.NotFound', copy('snap-0123456789abcdef0'));
    await refusal('InvalidRegion', copy(source, 'mars-north-1'));
  });

  it('allows 20 copies in flight to a region, not 21 (EBS user guide, quotas)', async () => {
    const cloud = await openTestCloud({ latency: 'aws' });
    const client = cloud.client();
    const { Snapshots: amazons = [] } = await client.send(
      new ec2.DescribeSnapshotsCommand({ OwnerIds: ['amazon'] }),
    );
    const copy = (region: string): Promise<unknown> =>
      cloud.client(region).send(
        new ec2.CopySnapshotCommand({
          SourceRegion: 'us-east-1',
          SourceSnapshotId: amazons[0]?.SnapshotId,
        }),
      );
    for (let count = 0; count < 20; count += 1) await copy('eu-west-1');
    await refusal('ResourceLimitExceeded', copy('eu-west-1'));
    await copy('eu-west-2');
  });

  it('cannot be deleted while an image uses it (error codes, InvalidSnapshot.InUse)', async () => {
    const client = (await openTestCloud()).client();
    const snapshot = await newSnapshot(client);
    const image = await newImage(client, hvmImage(snapshot));
    const remove = (): Promise<unknown> =>
      client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshot }));
    assert.match(await refusal('InvalidSnapshot.InUse', remove()), new RegExp(image));
    await client.send(new ec2.DeregisterImageCommand({ ImageId: image }));
    await remove();
    await refusal('InvalidSnapshot.NotFound', remove());
  });

  it('becomes public and private again (ModifySnapshotAttribute)', async () => {
    const client = (await openTestCloud()).client();
    const snapshot = await newSnapshot(client);
    const modify = (OperationType: 'add' | 'remove'): Promise<unknown> =>
      client.send(
        new ec2.ModifySnapshotAttributeCommand({
          SnapshotId: snapshot,
          Attribute: 'createVolumePermission',
          OperationType,
          GroupNames: ['all'],
        }),
      );
    const permissions = async (): Promise<unknown> =>
      (
        await client.send(
          new ec2.DescribeSnapshotAttributeCommand({
            SnapshotId: snapshot,
            Attribute: 'createVolumePermission',
          }),
        )
      ).CreateVolumePermissions;
    await modify('add');
    assert.deepEqual(await permissions(), [{ Group: 'all' }]);
    const { Snapshots: shared = [] } = await client.send(
      new ec2.DescribeSnapshotsCommand({ OwnerIds: ['self'], RestorableByUserIds: ['all'] }),
    );
    assert.deepEqual(
      shared.map((one) => one.SnapshotId),
      [snapshot],
    );
    await modify('remove');
    assert.deepEqual(await permissions(), []);
  });

  it('cannot be made public when encrypted or when sharing is blocked (EBS user guide, share a snapshot)', async () => {
    const client = (await openTestCloud()).client();
    const publish = (SnapshotId: string): Promise<unknown> =>
      client.send(
        new ec2.ModifySnapshotAttributeCommand({
          SnapshotId,
          CreateVolumePermission: { Add: [{ Group: 'all' }] },
        }),
      );
    const encrypted = await newSnapshot(client, {
      VolumeId: await newVolume(client, { Encrypted: true }),
    });
    await refusal('OperationNotPermitted', publish(encrypted));
    await client.send(
      new ec2.EnableSnapshotBlockPublicAccessCommand({ State: 'block-new-sharing' }),
    );
    const plain = await newSnapshot(client);
    await refusal('OperationNotPermitted', publish(plain));
    await client.send(new ec2.DisableSnapshotBlockPublicAccessCommand({}));
    await publish(plain);
  });

  it('encrypts copies where encryption by default is on (facts note, preflight)', async () => {
    const cloud = await openTestCloud();
    const source = await newSnapshot(cloud.client());
    const abroad = cloud.client('eu-west-1');
    await abroad.send(new ec2.EnableEbsEncryptionByDefaultCommand({}));
    const { SnapshotId: copy } = await abroad.send(
      new ec2.CopySnapshotCommand({ SourceRegion: 'us-east-1', SourceSnapshotId: source }),
    );
    assert.equal((await snapshotOf(abroad, idOf(copy))).Encrypted, true);
  });
});
