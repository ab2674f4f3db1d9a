/** Each column of a fault matrix can be caused, and each rule proves that it was reached. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import type { Effect } from '../../../src/simulator/store/effects.js';
import type { ListedResource } from '../../../src/simulator/http/control.js';
import type { FaultStatus } from '../../../src/simulator/faults/faults.js';
import type { TestCloud } from '../cloud-fixture.js';
import {
  closeTestClouds,
  control,
  effectsOf,
  imageOf,
  inState,
  instanceOf,
  launch,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  snapshotOf,
  testCredentials,
  until,
  volumeOf,
} from '../cloud-fixture.js';

function request(
  cloud: TestCloud,
  method: string,
  name: string,
  body?: unknown,
): Promise<Response> {
  return fetch(`${cloud.url}/_fedimg/${name}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function add(cloud: TestCloud, rule: unknown): Promise<void> {
  const response = await request(cloud, 'POST', 'faults', rule);
  assert.equal(response.status, 200, await response.clone().text());
}

async function fired(cloud: TestCloud, id: string): Promise<number> {
  return (await control<FaultStatus>(cloud, `faults/${id}`)).fired;
}

/** Gives up by itself once `isReached`, as a caller with a time-out of its own does. */
async function impatient(
  cloud: TestCloud,
  command: ec2.CreateVolumeCommand,
  isReached: () => Promise<boolean>,
): Promise<void> {
  const patience = new AbortController();
  const sent = assert.rejects(cloud.client().send(command, { abortSignal: patience.signal }));
  await until(isReached);
  patience.abort();
  await sent;
}

/** The log line of the volume's creation, once its request has ended. */
async function creation(cloud: TestCloud): Promise<Effect> {
  return until(async () =>
    (await effectsOf(cloud)).find(({ action }) => action === 'CreateVolume'),
  );
}

const volumes = async (cloud: TestCloud): Promise<ListedResource[]> =>
  (await control<ListedResource[]>(cloud, 'resources')).filter(({ type }) => type === 'volume');

const oneVolume = new ec2.CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 1 });

describe('simulator: fault matrix', () => {
  let cloud: TestCloud;
  let client: ec2.EC2Client;
  beforeEach(async () => {
    cloud = await openTestCloud();
    client = cloud.client();
  });
  afterEach(closeTestClouds);

  it('adds and removes rules one by one, which leaves the counts of the others alone', async () => {
    await add(cloud, { id: 'first', action: 'DescribeVpcs', kind: 'slow', delayMs: 0, count: 0 });
    await client.send(new ec2.DescribeVpcsCommand({}));
    await add(cloud, [{ action: '*', kind: 'error', count: 0 }]);
    assert.equal(
      (await request(cloud, 'POST', 'faults', { id: 'first', action: '*', kind: 'error' })).status,
      400,
    );
    await refusal('InternalError', client.send(new ec2.DescribeVpcsCommand({})));
    const removed = await request(cloud, 'DELETE', 'faults/rule-1');
    assert.equal(((await removed.json()) as FaultStatus).fired, 1);
    assert.equal((await request(cloud, 'DELETE', 'faults/rule-1')).status, 404);
    await client.send(new ec2.DescribeVpcsCommand({}));
    const rules = await control<FaultStatus[]>(cloud, 'faults');
    assert.deepEqual(
      rules.map(({ id, seen }) => [id, seen]),
      [['first', 3]],
    );
  });

  it('TO: hangs before the effect, and logs that it sent no answer', async () => {
    await add(cloud, { id: 'to', action: 'CreateVolume', kind: 'hang-request' });
    await impatient(cloud, oneVolume, async () => (await fired(cloud, 'to')) === 1);
    assert.deepEqual(await volumes(cloud), []);
    const { result, answered } = await creation(cloud);
    assert.deepEqual([result, answered], ['hang-request', false]);
  });

  it('TO: hangs after the effect', async () => {
    await add(cloud, { id: 'to', action: 'CreateVolume', kind: 'hang-answer' });
    await impatient(cloud, oneVolume, async () => (await volumes(cloud)).length === 1);
    const { result, answered, resources } = await creation(cloud);
    assert.deepEqual([result, answered], ['ok', false]);
    assert.equal(resources?.[0]?.what, 'created');
  });

  it('TO: cuts the connection when the rule’s time is over', async () => {
    await add(cloud, { action: 'CreateVolume', kind: 'hang-request', delayMs: 50 });
    await assert.rejects(client.send(oneVolume));
  });

  it('EC: each kind of stale answer for a new resource', async () => {
    await add(cloud, { id: 'ec-id', action: 'CreateVolume', kind: 'not-found', forMs: 1e9 });
    await refusal('InvalidVolume.NotFound', volumeOf(client, await newVolume(client)));
    const tags = [{ ResourceType: 'volume' as const, Tags: [{ Key: 'a', Value: 'b' }] }];
    await add(cloud, { id: 'ec-list', action: 'CreateVolume', kind: 'stale-list', forMs: 1e9 });
    const unlisted = await newVolume(client, { TagSpecifications: tags });
    await add(cloud, { id: 'ec-tags', action: 'CreateVolume', kind: 'stale-tags', forMs: 1e9 });
    const untagged = await newVolume(client, { TagSpecifications: tags });
    const { Volumes: listed = [] } = await client.send(new ec2.DescribeVolumesCommand({}));
    assert.deepEqual(
      listed.map(({ VolumeId: id, Tags: seen }) => [id, seen]),
      [[untagged, undefined]],
    );
    assert.equal((await volumeOf(client, unlisted)).Tags?.length, 1);
    for (const id of ['ec-id', 'ec-list', 'ec-tags']) assert.equal(await fired(cloud, id), 1, id);
  });

  it('IT: removes volume, snapshot and image underneath, and the machine with a reason', async () => {
    const volume = await newVolume(client);
    const snapshot = await newSnapshot(client, { VolumeId: volume });
    const image = await newImage(client);
    const instance = await launch(client);
    await inState(client, instance, 'running');
    const onDescribe = { kind: 'removal', count: 1 };
    await add(cloud, { id: 'v', action: 'DescribeVolumes', ...onDescribe });
    await add(cloud, { id: 's', action: 'DescribeSnapshots', ...onDescribe });
    await add(cloud, { id: 'i', action: 'DescribeImages', ...onDescribe });
    await add(cloud, {
      id: 'm',
      action: 'DescribeInstances',
      kind: 'instance-loss',
      code: 'Server.SpotInstanceTermination',
      message: 'Spot instance termination',
    });
    await volumeOf(client, volume);
    await snapshotOf(client, snapshot);
    await imageOf(client, image);
    await instanceOf(client, instance);
    const gone = (look: () => Promise<unknown>): Promise<boolean> =>
      until(() =>
        look().then(
          () => false,
          (error: unknown) => /NotFound/.test((error as Error).name),
        ),
      );
    await gone(() => volumeOf(client, volume));
    await gone(() => snapshotOf(client, snapshot));
    await gone(() => imageOf(client, image));
    const { StateReason: reason } = await inState(client, instance, 'terminated');
    assert.equal(reason?.Code, 'Server.SpotInstanceTermination');
    for (const id of ['v', 's', 'i', 'm']) assert.equal(await fired(cloud, id), 1, id);
  });

  it('IT: a volume and a snapshot end in error', async () => {
    await add(cloud, { action: 'CreateVolume', kind: 'fails-later' });
    const broken = await newVolume(client);
    assert.equal((await volumeOf(client, broken)).State, 'error');
    await add(cloud, { action: 'CreateSnapshot', kind: 'fails-later', message: 'KMS says no' });
    const snapshot = await newSnapshot(client);
    const seen = await snapshotOf(client, snapshot);
    assert.deepEqual([seen.State, seen.StateMessage], ['error', 'KMS says no']);
  });

  it('RD: a region is dead for a time, and others are not', async () => {
    await add(cloud, {
      id: 'rd',
      action: '*',
      region: 'eu-west-1',
      kind: 'lost-request',
      count: 0,
      lastsMs: 300,
    });
    const abroad = cloud.client('eu-west-1');
    await assert.rejects(abroad.send(new ec2.DescribeVpcsCommand({})));
    await client.send(new ec2.DescribeVpcsCommand({}));
    await until(() =>
      abroad.send(new ec2.DescribeVpcsCommand({})).then(
        () => true,
        () => false,
      ),
    );
    assert.ok((await fired(cloud, 'rd')) >= 1, 'the rule did not fire');
  });

  it('hits only the sender that its User-Agent names, and logs the whole header', async () => {
    const name = `fedimg/1.2.3 (publish-1; write; 7; 2) ${'x'.repeat(600)}`;
    const named = new ec2.EC2Client({
      region: 'us-east-1',
      endpoint: cloud.url,
      credentials: testCredentials,
      maxAttempts: 1,
      customUserAgent: [['fedimg', '1.2.3']],
    });
    await add(cloud, {
      id: 'ua',
      action: '*',
      kind: 'error',
      userAgent: '*fedimg/1.2.3*',
      count: 0,
    });
    await client.send(new ec2.DescribeVpcsCommand({}));
    await refusal('InternalError', named.send(new ec2.DescribeVpcsCommand({})));
    named.destroy();
    assert.equal(await fired(cloud, 'ua'), 1);
    await fetch(cloud.url, { method: 'POST', headers: { 'user-agent': name } });
    assert.equal((await effectsOf(cloud)).at(-1)?.userAgent, name);
  });
});
