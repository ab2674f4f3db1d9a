/** EBS direct APIs: how snapshots are read and compared. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import * as ebs from '@aws-sdk/client-ebs';
import * as ec2 from '@aws-sdk/client-ec2';
import { createClock, systemTime } from '../../../src/simulator/clock.js';
import { closeTestClouds, newSnapshot, newVolume, openTestCloud } from '../cloud-fixture.js';
import {
  allBlocks,
  blockOf,
  closeEbsClients,
  complete,
  ebsOf,
  indexesOf,
  list,
  put,
  read,
  reasonOf,
  startOf,
  written,
} from './support.js';

const dayMs = 24 * 3600_000;

describe('EBS direct APIs: reading a snapshot', () => {
  afterEach(async () => {
    closeEbsClients();
    await closeTestClouds();
  });

  it('lists the blocks that were written, zeros included, and reads them back (GetSnapshotBlock)', async () => {
    const client = ebsOf(await openTestCloud());
    const id = await written(client, { 7: 'seven', 2: '', 2047: 'end' });
    const page = await list(client, id);
    assert.deepEqual([page.VolumeSize, page.BlockSize], [1, 524_288]);
    const expiresInMs = (page.ExpiryTime?.getTime() ?? 0) - Date.now();
    assert.ok(Math.abs(expiresInMs - 7 * dayMs) < 60_000, `${expiresInMs} ms`);
    const blocks = await allBlocks(client, id);
    assert.deepEqual(
      blocks.map(({ BlockIndex }) => BlockIndex),
      [2, 7, 2047],
    );
    const bytes = await Promise.all(blocks.map((block) => read(client, id, block)));
    assert.deepEqual(bytes, [blockOf(''), blockOf('seven'), blockOf('end')]);
  });

  it('lists the blocks with data of a snapshot that CreateSnapshot made of a volume', async () => {
    const cloud = await openTestCloud();
    const volume = await newVolume(cloud.client());
    const handle = await fs.open(`${cloud.stateDir}/volumes/${volume}.img`, 'r+');
    await handle.write('last byte of block 0', 524_288 - 4);
    await handle.write('block 1500', 1500 * 524_288);
    await handle.close();
    const id = await newSnapshot(cloud.client(), { VolumeId: volume });
    const client = ebsOf(cloud);
    assert.deepEqual(await indexesOf(client, id), [0, 1, 1500]);
    const empty = await newSnapshot(cloud.client());
    assert.deepEqual(await indexesOf(client, empty), []);
  });

  it('gives pages of at least 100 blocks, which may be empty before the last (FAQ)', async () => {
    const client = ebsOf(await openTestCloud());
    const id = await startOf(client, { VolumeSize: 10 });
    const block = blockOf('x');
    for (let index = 0; index < 101; index += 1) await put(client, id, index, block);
    await put(client, id, 20_479, block);
    await complete(client, id, 102);
    const first = await list(client, id, { MaxResults: 1 });
    assert.equal(first.Blocks?.length, 100);
    const second = await list(client, id, { NextToken: first.NextToken, StartingBlockIndex: 5 });
    assert.deepEqual(
      second.Blocks?.map(({ BlockIndex }) => BlockIndex),
      [100],
    );
    const third = await list(client, id, { StartingBlockIndex: 10_200 });
    assert.deepEqual(third.Blocks, []);
    assert.ok(third.NextToken, 'no third.NextToken');
    assert.equal((await allBlocks(client, id)).length, 102);
    const many = list(client, id, { MaxResults: 10_001 });
    assert.equal(await reasonOf('ValidationException', many), 'INVALID_PARAMETER_VALUE');
  });

  it('refuses block tokens of another block, and after seven days; page tokens after an hour (FAQ)', async () => {
    let aheadMs = 0;
    const clock = createClock({ ...systemTime, now: () => Date.now() + aheadMs });
    const client = ebsOf(await openTestCloud({ clock }));
    const id = await written(client, { 0: 'zero', 1: 'one' }, { VolumeSize: 6 });
    const { Blocks: blocks = [], NextToken: next } = await list(client, id);
    const [zero = {}, one = {}] = blocks;
    const mixed = read(client, id, { BlockIndex: 0, BlockToken: one.BlockToken });
    assert.equal(await reasonOf('ValidationException', mixed), 'INVALID_BLOCK_TOKEN');
    const forged = list(client, id, { NextToken: zero.BlockToken });
    assert.equal(await reasonOf('ValidationException', forged), 'INVALID_PAGE_TOKEN');
    await list(client, id, { NextToken: next });
    aheadMs = 3600_000;
    const late = list(client, id, { NextToken: next });
    assert.equal(await reasonOf('ValidationException', late), 'INVALID_PAGE_TOKEN');
    aheadMs = 7 * dayMs - 60_000;
    assert.deepEqual(await read(client, id, zero), blockOf('zero'));
    aheadMs = 7 * dayMs;
    assert.equal(
      await reasonOf('ValidationException', read(client, id, zero)),
      'INVALID_BLOCK_TOKEN',
    );
  });

  it('cannot be read before it is completed, nor when it is public (FAQ)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const pending = await startOf(client);
    await put(client, pending, 0, blockOf('x'));
    assert.equal(
      await reasonOf('ValidationException', list(client, pending)),
      'INVALID_SNAPSHOT_ID',
    );
    await complete(client, pending, 1);
    const [block = {}] = await allBlocks(client, pending);
    await cloud.client().send(
      new ec2.ModifySnapshotAttributeCommand({
        SnapshotId: pending,
        CreateVolumePermission: { Add: [{ Group: 'all' }] },
      }),
    );
    const shared = read(client, pending, block);
    assert.equal(await reasonOf('ValidationException', shared), 'INVALID_SNAPSHOT_ID');
    const gone = list(client, 'snap-0123456789abcdef0');
    assert.equal(await reasonOf('ResourceNotFoundException', gone), 'SNAPSHOT_NOT_FOUND');
  });

  it('shows what a child changed, with a token of each snapshot that has the block (ListChangedBlocks)', async () => {
    const client = ebsOf(await openTestCloud());
    const parent = await written(client, { 0: 'same', 1: 'one' });
    const child = await written(
      client,
      { 0: 'same', 1: 'ONE', 9: 'nine' },
      { ParentSnapshotId: parent },
    );
    const { ChangedBlocks: changed = [] } = await client.send(
      new ebs.ListChangedBlocksCommand({ FirstSnapshotId: parent, SecondSnapshotId: child }),
    );
    assert.deepEqual(
      changed.map(({ BlockIndex }) => BlockIndex),
      [1, 9],
    );
    const [one = {}, nine = {}] = changed;
    assert.equal(nine.FirstBlockToken, undefined);
    const tokenOf = (BlockToken: string | undefined): ebs.Block => ({ BlockIndex: 1, BlockToken });
    assert.deepEqual(await read(client, parent, tokenOf(one.FirstBlockToken)), blockOf('one'));
    assert.deepEqual(await read(client, child, tokenOf(one.SecondBlockToken)), blockOf('ONE'));
  });

  it('compares only snapshots of one lineage (ListChangedBlocks: UNRELATED_SNAPSHOTS)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const compare = (FirstSnapshotId: string | undefined, second: string): Promise<unknown> =>
      client.send(new ebs.ListChangedBlocksCommand({ FirstSnapshotId, SecondSnapshotId: second }));
    const [one, other] = [await written(client, { 0: 'x' }), await written(client, { 0: 'x' })];
    assert.equal(await reasonOf('ValidationException', compare(one, other)), 'UNRELATED_SNAPSHOTS');
    await reasonOf('ValidationException', compare(undefined, one));
    const volume = await newVolume(cloud.client(), { SnapshotId: one });
    await compare(one, await newSnapshot(cloud.client(), { VolumeId: volume }));
  });
});
