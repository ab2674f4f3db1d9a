/** EBS direct APIs: what is refused, how it is said, and what is limited. */

import assert from 'node:assert/strict';
import * as ebs from '@aws-sdk/client-ebs';
import * as ec2 from '@aws-sdk/client-ec2';
import { createClock, systemTime } from '../../../src/simulator/clock.js';
import {
  changeSettings,
  closeTestClouds,
  effectsOf,
  openTestCloud,
  setFaults,
  snapshotOf,
} from '../cloud-fixture.js';
import { send } from '../raw-request.js';
import {
  blockBytes,
  blockOf,
  closeEbsClients,
  complete,
  ebsOf,
  list,
  put,
  reasonOf,
  startOf,
  written,
} from './support.js';

const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

describe('EBS direct APIs: requests', () => {
  afterEach(async () => {
    closeEbsClients();
    await closeTestClouds();
  });

  it('refuses blocks that are not whole, not in the volume, or not the ones of the checksum', async () => {
    const client = ebsOf(await openTestCloud());
    const id = await startOf(client);
    const block = blockOf('x');
    const refused = (call: Promise<unknown>): Promise<string | undefined> =>
      reasonOf('ValidationException', call);
    assert.equal(await refused(put(client, id, 2048, block)), 'INVALID_BLOCK');
    assert.equal(
      await refused(put(client, id, 0, block.subarray(0, 512))),
      'INVALID_PARAMETER_VALUE',
    );
    assert.equal(
      await refused(put(client, id, 0, block.subarray(0, 512), { DataLength: 512 })),
      'INVALID_PARAMETER_VALUE',
    );
    const other = { Checksum: Buffer.alloc(32).toString('base64') };
    assert.equal(await refused(put(client, id, 0, block, other)), 'INVALID_PARAMETER_VALUE');
    await refused(put(client, 'vol-1', 0, block));
    await refused(put(client, id, -1, block));
    await put(client, id, 2047, block);
    await complete(client, id, 1);
  });

  it('refuses tags, sizes and time-outs that the reference does not allow (StartSnapshot)', async () => {
    const client = ebsOf(await openTestCloud());
    const refused = (input: Partial<ebs.StartSnapshotCommandInput>): Promise<string | undefined> =>
      reasonOf('ValidationException', startOf(client, input));
    assert.equal(await refused({ Tags: [{ Key: 'aws:x', Value: '' }] }), 'INVALID_TAG');
    assert.equal(await refused({ VolumeSize: 65_537 }), 'INVALID_VOLUME_SIZE');
    await refused({ VolumeSize: 0 });
    await refused({ VolumeSize: undefined });
    await refused({ Timeout: 9 });
    await refused({ Timeout: 4321 });
    const parent = await written(client, { 0: 'x' }, { VolumeSize: 2 });
    assert.equal(await refused({ ParentSnapshotId: parent }), 'INVALID_VOLUME_SIZE');
  });

  it('fails a snapshot to which no block was written for its time-out (EBS user guide, write snapshots)', async () => {
    let aheadMs = 0;
    const clock = createClock({ ...systemTime, now: () => Date.now() + aheadMs });
    const cloud = await openTestCloud({ clock });
    const client = ebsOf(cloud);
    const id = await startOf(client, { Timeout: 10 });
    aheadMs += 9 * 60_000;
    await put(client, id, 0, blockOf('in time'));
    aheadMs += 9 * 60_000;
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'pending');
    aheadMs += 60_000;
    const { State: state, StateMessage: why } = await snapshotOf(cloud.client(), id);
    assert.equal(state, 'error');
    assert.match(why ?? '', /for 10 minutes/);
    await reasonOf('ValidationException', put(client, id, 1, blockOf('late')));
    await reasonOf('ValidationException', complete(client, id, 1));
    await cloud.client().send(new ec2.DeleteSnapshotCommand({ SnapshotId: id }));
  });

  it('encrypts as the table of outcomes has it (EBS user guide, encryption outcomes)', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const outcome = async (
      input: Partial<ebs.StartSnapshotCommandInput>,
    ): Promise<string | undefined> => {
      const started = await client.send(new ebs.StartSnapshotCommand({ VolumeSize: 1, ...input }));
      const { Encrypted: encrypted } = await snapshotOf(cloud.client(), started.SnapshotId ?? '');
      assert.equal(encrypted, started.SseType === 'sse-kms');
      return started.KmsKeyArn;
    };
    const refused = (input: Partial<ebs.StartSnapshotCommandInput>): Promise<unknown> =>
      reasonOf('ValidationException', startOf(client, input));
    const plain = await written(client, { 0: 'x' });
    const secret = await written(client, { 0: 'x' }, { KmsKeyArn: key });
    assert.equal(await outcome({}), undefined);
    assert.equal(await outcome({ Encrypted: true, KmsKeyArn: key }), key);
    assert.match((await outcome({ Encrypted: true })) ?? '', /^arn:aws:kms:us-east-1:/);
    assert.equal(await outcome({ ParentSnapshotId: secret }), key);
    await refused({ Encrypted: false, KmsKeyArn: key });
    await refused({ ParentSnapshotId: plain, Encrypted: true });
    await refused({ ParentSnapshotId: secret, KmsKeyArn: key });
    await cloud.client().send(new ec2.EnableEbsEncryptionByDefaultCommand({}));
    assert.match((await outcome({})) ?? '', /^arn:aws:kms:us-east-1:/);
    await refused({ Encrypted: false });
    await refused({ ParentSnapshotId: plain });
  });

  it('allows the quotas of requests and of pending snapshots, not more (EBS user guide, quotas)', async () => {
    let nowMs = Date.now();
    const clock = createClock({ ...systemTime, now: () => nowMs });
    const cloud = await openTestCloud({ clock, settings: { throttling: true } });
    const client = ebsOf(cloud);
    const start = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 1) await startOf(client);
    };
    await start(10);
    assert.equal(await reasonOf('RequestThrottledException', startOf(client)), 'ACCOUNT_THROTTLED');
    for (let round = 0; round < 9; round += 1) {
      nowMs += 1000;
      await start(10);
    }
    nowMs += 1000;
    assert.equal(
      await reasonOf('ServiceQuotaExceededException', startOf(client)),
      'DEPENDENCY_SERVICE_QUOTA_EXCEEDED',
    );
    await changeSettings(cloud, { snapshotsPerRegion: 100, pendingSnapshotsPerRegion: 1000 });
    await reasonOf('ServiceQuotaExceededException', startOf(client));
  });

  it('takes as long for a block and for the sealing as the latency profile has it', async () => {
    const waitsMs: number[] = [];
    let aheadMs = 0;
    const clock = createClock({
      ...systemTime,
      now: () => Date.now() + aheadMs,
      schedule: (delayMs, act) => {
        waitsMs.push(delayMs);
        return systemTime.schedule(0, act);
      },
    });
    const settings = { consistencyLagMs: 0 };
    const cloud = await openTestCloud({ latency: 'aws', clock, settings });
    const client = ebsOf(cloud);
    const id = await startOf(client);
    waitsMs.length = 0;
    await put(client, id, 0, blockOf('x'));
    assert.equal(waitsMs.length, 1);
    assert.ok((waitsMs[0] ?? 0) >= 60 && (waitsMs[0] ?? 0) <= 140, String(waitsMs));
    await complete(client, id, 1);
    aheadMs = 9_000;
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'pending');
    aheadMs = 120_000;
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'completed');
  });

  it('answers fault rules in its own form, for the block that they name', async () => {
    const cloud = await openTestCloud();
    const client = ebsOf(cloud);
    const id = await startOf(client);
    const rule = { action: 'PutSnapshotBlock', where: { BlockIndex: '3' } };
    await setFaults(cloud, [
      { ...rule, kind: 'throttle' },
      { ...rule, kind: 'error' },
      { ...rule, kind: 'refusal' },
      { ...rule, kind: 'lost-answer' },
      { action: 'StartSnapshot', kind: 'not-found', forMs: 3_600_000 },
    ]);
    await put(client, id, 2, blockOf('two'));
    const third = (): Promise<unknown> => put(client, id, 3, blockOf('three'));
    assert.equal(await reasonOf('RequestThrottledException', third()), 'ACCOUNT_THROTTLED');
    await reasonOf('InternalServerException', third());
    assert.equal(await reasonOf('AccessDeniedException', third()), 'UNAUTHORIZED_ACCOUNT');
    await assert.rejects(third());
    await complete(client, id, 2);
    assert.equal((await snapshotOf(cloud.client(), id)).State, 'completed');
    const hidden = await startOf(client);
    await reasonOf('ResourceNotFoundException', put(client, hidden, 0, blockOf('x')));
  });

  it('logs each call with its members and without the bytes of the block', async () => {
    const cloud = await openTestCloud();
    const id = await written(ebsOf(cloud), { 5: 'secret' });
    const calls = (await effectsOf(cloud)).filter(({ service }) => service === 'ebs');
    assert.deepEqual(
      calls.map(({ action, result }) => [action, result]),
      [
        ['StartSnapshot', 'ok'],
        ['PutSnapshotBlock', 'ok'],
        ['CompleteSnapshot', 'ok'],
      ],
    );
    assert.equal(calls[0]?.resources?.[0]?.id, id);
    const { Checksum: checksum, ...members } = calls[1]?.request as Record<string, unknown>;
    assert.equal(typeof checksum, 'string');
    assert.deepEqual(members, {
      SnapshotId: id,
      BlockIndex: 5,
      ChecksumAlgorithm: 'SHA256',
      DataLength: blockBytes,
    });
  });

  it('refuses strangers and unknown paths as a REST service does', async () => {
    const cloud = await openTestCloud();
    const unsigned = await send(cloud, { method: 'GET', path: '/snapshots/snap-1/blocks' });
    assert.equal(unsigned.status, 403);
    assert.match(unsigned.body, /^\{"Message":/);
    const stranger = new ebs.EBSClient({
      region: 'us-east-1',
      endpoint: cloud.url,
      credentials: { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'wrong' },
      maxAttempts: 1,
    });
    await reasonOf('InvalidSignatureException', list(stranger, 'snap-1'));
    await reasonOf('InvalidSignatureException', put(stranger, 'snap-1', 0, blockOf('x')));
    stranger.destroy();
    const nowhere = ebsOf(cloud, 'af-south-1');
    await reasonOf('UnrecognizedClientException', list(nowhere, 'snap-1'));
  });
});
