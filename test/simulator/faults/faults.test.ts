/** Fault rules: set over HTTP, each kind of harm. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import type { FaultStatus } from '../../../src/simulator/faults/faults.js';
import type { ListedResource } from '../../../src/simulator/http/control.js';
import {
  closeTestClouds,
  control,
  inState,
  instanceOf,
  launch,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  setFaults,
  snapshotOf,
  until,
  volumeOf,
} from '../cloud-fixture.js';

describe('simulator: faults', () => {
  afterEach(closeTestClouds);

  it('hits the wanted occurrence in the wanted region, as often as wanted', async () => {
    const cloud = await openTestCloud();
    await setFaults(cloud, [
      { action: 'DescribeVpcs', region: 'us-east-1', kind: 'throttle', occurrence: 2, count: 2 },
    ]);
    const call = (region: string): Promise<unknown> =>
      cloud.client(region).send(new ec2.DescribeVpcsCommand({}));
    await call('us-east-1');
    await call('eu-west-1');
    await refusal('RequestLimitExceeded', call('us-east-1'));
    await refusal('RequestLimitExceeded', call('us-east-1'));
    await call('us-east-1');
    const [rule] = await control<FaultStatus[]>(cloud, 'faults');
    assert.deepEqual([rule?.seen, rule?.fired], [4, 2]);
  });

  it('refuses wrong rules with the reason, and keeps the earlier ones', async () => {
    const cloud = await openTestCloud();
    await setFaults(cloud, { rules: [{ action: '*', kind: 'error' }] });
    for (const wrong of [
      'x',
      [{}],
      [{ action: 'X', kind: 'earthquake' }],
      [{ action: 'X', kind: 'error', colour: 'red' }],
      [{ action: 'X', kind: 'error', count: -1 }],
    ]) {
      const response = await setFaults(cloud, wrong);
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { error: string }).error, /rule|array/);
    }
    assert.equal((await control<FaultStatus[]>(cloud, 'faults')).length, 1);
    const again = await setFaults(cloud, await control(cloud, 'faults'));
    assert.equal(again.status, 200, 'what GET shows can be sent back');
  });

  it('refuses capacity in one zone or for one type only', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [
      { action: 'RunInstances', kind: 'capacity', zone: 'us-east-1a', count: 0 },
      { action: 'RunInstances', kind: 'capacity', instanceType: 't3.large', count: 0 },
    ]);
    const inZone = (zone: string): Promise<string> =>
      launch(client, { Placement: { AvailabilityZone: zone } });
    await refusal('InsufficientInstanceCapacity', inZone('us-east-1a'));
    await refusal('InsufficientInstanceCapacity', launch(client, { InstanceType: 't3.large' }));
    assert.ok(await inZone('us-east-1b'), "no inZone('us-east-1b')");
  });

  it('answers quotas and refusals with the code of the call or the one given', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [
      { action: 'CreateVolume', kind: 'quota' },
      {
        action: 'CreateVolume',
        kind: 'refusal',
        occurrence: 2,
        code: 'Blocked',
        message: 'no',
        status: 403,
      },
      { action: 'CreateVolume', kind: 'error', occurrence: 3 },
    ]);
    await refusal('VolumeLimitExceeded', newVolume(client));
    assert.equal(await refusal('Blocked', newVolume(client)), 'no');
    await refusal('InternalError', newVolume(client));
    assert.ok(await newVolume(client), 'no newVolume(client)');
  });

  it('takes effect and loses the answer, so that a repeat without a token would double', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [
      { action: 'CreateVolume', kind: 'lost-answer' },
      { action: 'CreateVolume', kind: 'lost-request', occurrence: 2 },
    ]);
    await assert.rejects(newVolume(client, { ClientToken: 'token-1' }));
    await assert.rejects(newVolume(client, { ClientToken: 'token-2' }));
    const volumes = await control<ListedResource[]>(cloud, 'resources');
    assert.equal(volumes.length, 1);
    assert.equal(await newVolume(client, { ClientToken: 'token-1' }), volumes[0]?.id);
  });

  it('does not find a new id for a while, by id or in a listing (developer guide, eventual consistency)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [
      { action: 'CreateVolume', kind: 'not-found', forMs: 600_000 },
      { action: 'CreateVolume', kind: 'not-found', forMs: 400, occurrence: 2 },
    ]);
    const id = await newVolume(client);
    await refusal('InvalidVolume.NotFound', volumeOf(client, id));
    const { Volumes: listed } = await client.send(new ec2.DescribeVolumesCommand({}));
    assert.deepEqual(listed, []);
    const next = await newVolume(client);
    await until(() => volumeOf(client, next).catch(() => undefined));
  });

  it('holds a call back', async () => {
    const cloud = await openTestCloud();
    await setFaults(cloud, [{ action: 'DescribeVpcs', kind: 'slow', delayMs: 300 }]);
    const started = Date.now();
    await cloud.client().send(new ec2.DescribeVpcsCommand({}));
    assert.ok(Date.now() - started >= 290, 'too early');
  });

  it('lets snapshots fail, as a missing encryption key does', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [
      { action: 'CreateSnapshot', kind: 'fails-later', message: 'the key is gone' },
    ]);
    const snapshot = await snapshotOf(client, await newSnapshot(client));
    assert.equal(snapshot.State, 'error');
    assert.equal(snapshot.StateMessage, 'the key is gone');
  });

  it('loses an instance, and its volumes with it', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const id = await launch(client);
    await inState(client, id, 'running');
    await setFaults(cloud, [{ action: 'DescribeInstanceStatus', kind: 'instance-loss' }]);
    await client.send(new ec2.DescribeInstanceStatusCommand({ InstanceIds: [id] }));
    const lost = await inState(client, id, 'terminated');
    assert.equal(lost.StateReason?.Code, 'Server.InternalError');
    assert.ok(
      cloud.machines.machines.get(id)?.isDestroyed,
      'cloud.machines.machines.get(id)?.isDestroyed is false',
    );
  });

  it('kills the agent of an instance that runs on', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const id = await launch(client, { IamInstanceProfile: { Name: 'ssm' } });
    await inState(client, id, 'running');
    assert.equal(cloud.cloud.agentOnline('us-east-1', id), true);
    await setFaults(cloud, [
      { action: '*', kind: 'agent-death', where: { 'InstanceId.1': 'i-*' } },
    ]);
    await instanceOf(client, id);
    await until(() => !cloud.cloud.agentOnline('us-east-1', id));
    assert.equal((await instanceOf(client, id)).State?.Name, 'running');
  });

  it('counts as fired only what showed an effect, and waits for such a call', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [
      { id: 'old', action: 'CreateTags', kind: 'stale-read' },
      { id: 'late', action: 'CreateVolume', kind: 'stale-list' },
      { id: 'gone', action: 'DescribeInstances', kind: 'instance-loss' },
    ]);
    const fired = async (): Promise<unknown> =>
      (await control<FaultStatus[]>(cloud, 'faults')).map((rule) => rule.fired);
    const volume = await newVolume(client, { Size: 1, AvailabilityZone: 'us-east-1a' });
    assert.deepEqual(await fired(), [0, 1, 0]);
    const tag = (id: string): Promise<unknown> =>
      client.send(new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'a', Value: 'b' }] }));
    await refusal('InvalidVolume.NotFound', tag('vol-00000000000000001'));
    await client.send(new ec2.DescribeInstancesCommand({}));
    assert.deepEqual(await fired(), [0, 1, 0]);
    await tag(volume);
    assert.deepEqual(await fired(), [1, 1, 0]);
    const { Tags: tags } = await volumeOf(client, volume);
    assert.deepEqual(tags ?? [], []);
  });

  it('does not use up a rule on a call that EC2 throttles', async () => {
    const cloud = await openTestCloud({ settings: { throttling: true } });
    const client = cloud.client();
    const run = (): Promise<unknown> =>
      client.send(new ec2.RunInstancesCommand({ MinCount: 1, MaxCount: 1 }));
    // A launch of 1,001 instances finds too few tokens, however fast the calls are.
    const tooMany = new ec2.RunInstancesCommand({ MinCount: 1001, MaxCount: 1001 });
    await setFaults(cloud, [{ id: 'error', action: 'RunInstances', kind: 'error' }]);
    await refusal('RequestLimitExceeded', client.send(tooMany));
    assert.equal((await control<FaultStatus[]>(cloud, 'faults'))[0]?.fired, 0);
    await refusal('InternalError', run());
  });

  it('throttles with EC2’s buckets when that is set (developer guide, request throttling)', async () => {
    const cloud = await openTestCloud({ settings: { throttling: true } });
    const client = cloud.client();
    const beganMs = performance.now();
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        client.send(new ec2.RunInstancesCommand({ MinCount: 1, MaxCount: 1 })),
      ),
    );
    const codes = results.map((result) =>
      result.status === 'rejected' && result.reason instanceof Error ? result.reason.name : 'ok',
    );
    // Five, and two more with each second that the calls took.
    const refilled = Math.floor(((performance.now() - beganMs) / 1_000) * 2);
    const passed = codes.filter((code) => code === 'MissingParameter').length;
    assert(passed >= 5 && passed <= 5 + refilled, `${passed} passed`);
    assert.equal(codes.filter((code) => code === 'RequestLimitExceeded').length, 8 - passed);
  });
});
