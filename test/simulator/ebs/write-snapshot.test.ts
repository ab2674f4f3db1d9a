/** EBS direct APIs: how a snapshot is written, and what it is good for. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import * as ec2 from '@aws-sdk/client-ec2';
import type { ListedResource } from '../../../src/simulator/http/control.js';
import {
  closeTestClouds,
  control,
  hvmImage,
  idOf,
  imageOf,
  newImage,
  newVolume,
  openTestCloud,
  setFaults,
  snapshotOf,
  until,
} from '../cloud-fixture.js';
import {
  blockBytes,
  blockOf,
  closeEbsClients,
  complete,
  ebsOf,
  indexesOf,
  linearChecksum,
  put,
  reasonOf,
  startOf,
  written,
} from './support.js';
import * as ebs from '@aws-sdk/client-ebs';

describe('EBS direct APIs: writing a snapshot', () => {
  afterEach(async () => {
    closeEbsClients();
    await closeTestClouds();
  });

  it('holds the blocks at their places and zeros between them (PutSnapshotBlock)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const started = await client.send(
      new ebs.StartSnapshotCommand({
        VolumeSize: 2,
        Description: 'Fedora',
        Tags: [{ Key: 'Name', Value: 'disk' }],
      }),
    );
    const id = idOf(started.SnapshotId);
    assert.equal(started.Status, 'pending');
    assert.equal(started.BlockSize, blockBytes);
    assert.equal(started.OwnerId, '111122223333');
    assert.deepEqual(started.Tags, [{ Key: 'Name', Value: 'disk' }]);
    assert.ok(
      Math.abs(Date.now() - (started.StartTime?.getTime() ?? 0)) < 60_000,
      String(started.StartTime),
    );
    const [last, first] = [blockOf('last'), blockOf('first')];
    const answer = await put(client, id, 4095, last, { Progress: 50 });
    assert.equal(answer.ChecksumAlgorithm, 'SHA256');
    const half = await snapshotOf(cloud.client(), id);
    assert.deepEqual(
      [half.State, half.Progress, half.VolumeId],
      ['pending', '50%', 'vol-ffffffff'],
    );
    await put(client, id, 1, first);
    await complete(client, id, 2, linearChecksum([first, last]));

    const done = await snapshotOf(cloud.client(), id);
    assert.deepEqual([done.State, done.Progress, done.VolumeSize], ['completed', '100%', 2]);
    assert.deepEqual(done.Tags, [{ Key: 'Name', Value: 'disk' }]);
    const range = async (at: number, length: number): Promise<string> => {
      const response = await fetch(`${cloud.url}/_fedimg/snapshots/us-east-1/${id}`, {
        headers: { range: `bytes=${at}-${at + length - 1}` },
      });
      return response.text();
    };
    assert.equal(await range(blockBytes, 5), 'first');
    assert.equal(await range(4095 * blockBytes, 4), 'last');
    assert.equal(await range(0, 2), '\0\0');
  });

  it('accepts a body that is streamed and not signed (PutSnapshotBlock: BlockData)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const id = await startOf(client);
    const data = blockOf('streamed');
    const half = blockBytes / 2;
    const parts = [data.subarray(0, half), data.subarray(half)];
    await put(client, id, 0, data, { BlockData: Readable.from(parts) });
    await complete(client, id, 1, linearChecksum([data]));
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'completed');
  });

  it('becomes images, copies and volumes as every other snapshot does', async () => {
    const cloud = await openTestCloud();
    const id = await written(ebsOf(cloud), { 0: 'boot', 3: '' });
    const client = cloud.client();
    const image = await newImage(client, hvmImage(id));
    assert.equal((await imageOf(client, image)).State, 'available');
    const volume = await newVolume(client, { SnapshotId: id, Size: 3 });
    await until(async () =>
      (await control<ListedResource[]>(cloud, 'resources')).some(
        (one) => one.id === volume && one.state === 'available',
      ),
    );
    const abroad = cloud.client('eu-west-1');
    const { SnapshotId: copy } = await abroad.send(
      new ec2.CopySnapshotCommand({ SourceRegion: 'us-east-1', SourceSnapshotId: id }),
    );
    assert.equal((await snapshotOf(abroad, idOf(copy))).State, 'completed');
    assert.deepEqual(await indexesOf(ebsOf(cloud, 'eu-west-1'), idOf(copy)), [0, 3]);
    const again = await client.send(new ec2.CreateSnapshotCommand({ VolumeId: volume }));
    assert.deepEqual(await indexesOf(ebsOf(cloud), idOf(again.SnapshotId)), [0]);
  });

  it('overwrites a block that is written twice and counts it once (PutSnapshotBlock)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const id = await startOf(client);
    await put(client, id, 3, blockOf('old'));
    await Promise.all([put(client, id, 3, blockOf('new')), put(client, id, 4, blockOf('four'))]);
    await complete(client, id, 2, linearChecksum([blockOf('new'), blockOf('four')]));
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'completed');
  });

  it('ends in state error when count or checksum of the completion are not those of the blocks', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const block = blockOf('one');
    const failed = async (count: number, checksum?: string): Promise<string | undefined> => {
      const id = await startOf(client);
      await put(client, id, 0, block);
      const { Status: status } = await complete(client, id, count, checksum);
      assert.equal(status, 'pending');
      const { State: state, StateMessage: why } = await snapshotOf(cloud.client(), id);
      assert.equal(state, 'error');
      return why;
    };
    assert.match((await failed(2)) ?? '', /has 1 written blocks; the request to complete it has 2/);
    assert.match((await failed(1, linearChecksum([blockOf('two')]))) ?? '', /checksum/);
  });

  it('is sealed by its completion: no block is written afterwards (CompleteSnapshot)', async () => {
    const cloud = await openTestCloud();
    await setFaults(cloud, [{ action: 'StartSnapshot', kind: 'stuck', forMs: 3_600_000 }]);
    const client = ebsOf(cloud);
    const id = await startOf(client);
    await put(client, id, 0, blockOf('in'));
    await complete(client, id, 1);
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'pending');
    const late = put(client, id, 1, blockOf('late'));
    assert.equal(await reasonOf('ValidationException', late), 'INVALID_SNAPSHOT_ID');
    // Its answer was lost: the caller asks again while it is still pending.
    assert.equal((await complete(client, id, 1)).Status, 'pending');
  });

  it('is refused once it is completed', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const id = await written(client, { 0: 'all' });
    const late = put(client, id, 1, blockOf('late'));
    assert.equal(await reasonOf('ValidationException', late), 'INVALID_SNAPSHOT_ID');
    assert.equal(
      await reasonOf('ValidationException', complete(client, id, 1)),
      'INVALID_SNAPSHOT_ID',
    );
  });

  it('can be deleted while it is pending, and then is gone for writes (DeleteSnapshot)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const id = await startOf(client);
    await put(client, id, 0, blockOf('in vain'));
    await cloud.client().send(new ec2.DeleteSnapshotCommand({ SnapshotId: id }));
    const write = put(client, id, 1, blockOf('late'));
    assert.equal(await reasonOf('ResourceNotFoundException', write), 'SNAPSHOT_NOT_FOUND');
    await reasonOf('ResourceNotFoundException', complete(client, id, 1));
    assert.deepEqual(await control<ListedResource[]>(cloud, 'resources'), []);
  });

  it('goes on after a restart of the cloud, with the blocks and the tokens from before', async () => {
    const first = await openTestCloud();
    const token = 'publication-1';
    const id = await startOf(ebsOf(first), { ClientToken: token });
    await put(ebsOf(first), id, 0, blockOf('before'));
    await first.close();
    const second = await openTestCloud({ stateDir: first.stateDir });
    const client = ebsOf(second);
    assert.equal(await startOf(client, { ClientToken: token }), id);
    await put(client, id, 1, blockOf('after'));
    await complete(client, id, 2, linearChecksum([blockOf('before'), blockOf('after')]));
    assert.equal((await snapshotOf(second.client(), id)).State, 'completed');
    await second.close();
  });

  it('answers a client token with the first result, and refuses it for other parameters', async () => {
    const client = ebsOf(await openTestCloud());
    const token = 'token-1';
    const [one, other] = await Promise.all([
      startOf(client, { ClientToken: token }),
      startOf(client, { ClientToken: token }),
    ]);
    assert.equal(one, other);
    await reasonOf('ConflictException', startOf(client, { ClientToken: token, VolumeSize: 2 }));
    const long = startOf(client, { ClientToken: 'x'.repeat(65) });
    assert.equal(await reasonOf('ValidationException', long), 'INVALID_PARAMETER_VALUE');
  });

  it('starts with the blocks of its parent, and counts only its own (StartSnapshot: ParentSnapshotId)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const parent = await written(client, { 0: 'zero', 1: 'one' });
    const child = await written(client, { 1: 'ONE', 5: 'five' }, { ParentSnapshotId: parent });
    assert.equal((await snapshotOf(cloud.client(), child)).State, 'completed');
    assert.deepEqual(await indexesOf(client, child), [0, 1, 5]);
    assert.deepEqual(await indexesOf(client, parent), [0, 1]);
  });

  it('ends in state error where a fault rule has it fail later, and not before it is completed', async () => {
    const cloud = await openTestCloud();
    await setFaults(cloud, [{ action: 'StartSnapshot', kind: 'fails-later', message: 'broken' }]);
    const client = ebsOf(cloud);
    const id = await startOf(client);
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'pending');
    await complete(client, id, 0);
    const { State: state, StateMessage: why } = await snapshotOf(cloud.client(), id);
    assert.deepEqual([state, why], ['error', 'broken']);
  });
});
