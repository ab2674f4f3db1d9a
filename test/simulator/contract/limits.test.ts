/** Request rates and quotas. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import type { ParameterTree } from '../../../src/simulator/http/query-protocol.js';
import { createThrottle } from '../../../src/simulator/faults/throttle.js';
import { ec2Service } from '../../../src/simulator/ec2/service.js';
import type { Service } from '../../../src/simulator/service.js';
import { ssmService } from '../../../src/simulator/ssm/service.js';
import {
  changeSettings,
  closeTestClouds,
  idOf,
  instanceOf,
  launch,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  until,
  volumeOf,
} from '../cloud-fixture.js';

interface RatedCall {
  readonly service: Service;
  readonly action: string;
  readonly region: string;
  readonly parameters: ParameterTree;
  readonly nowMs: number;
}

/** How many of these calls in one moment pass. */
function burst(action: string, parameters: ParameterTree, service = ec2Service) {
  const throttle = createThrottle();
  const call: RatedCall = { service, action, region: 'us-east-1', parameters, nowMs: 0 };
  const admit = ({ service, region, nowMs, ...content }: RatedCall): boolean => {
    const needs = service.throttles({ ...content, flat: new Map(), json: undefined });
    return throttle.admit({ service: service.name, region, needs, nowMs });
  };
  let passed = 0;
  while (passed < 5000 && admit(call)) passed += 1;
  return { passed, admit, call };
}

const none: ParameterTree = new Map();
const given = (name: string, value = 'x'): ParameterTree => new Map([[name, value]]);

describe('contract: request rates (EC2 developer guide, request throttling)', () => {
  it('are 100 at once for a Describe that is filtered, paginated or by id, and 50 for all', () => {
    for (const name of ['Filter', 'MaxResults', 'SnapshotId']) {
      assert.equal(burst('DescribeSnapshots', given(name)).passed, 100, name);
    }
    assert.equal(burst('DescribeSnapshots', none).passed, 50);
    // An owner does not make it what the page calls filtered or paginated.
    assert.equal(burst('DescribeSnapshots', given('Owner', 'self')).passed, 50);
  });

  it('are those of the page for calls that change something', () => {
    const table: [string, number][] = [
      ['RunInstances', 5],
      ['TerminateInstances', 100],
      ['CopyImage', 100],
      ['CreateTags', 100],
      ['RegisterImage', 50],
      ['CopySnapshot', 50],
      ['AttachVolume', 50],
    ];
    for (const [action, size] of table) assert.equal(burst(action, none).passed, size, action);
  });

  it('refill by the second, for each action and region by itself', () => {
    const { admit, call } = burst('RegisterImage', none);
    assert.equal(admit({ ...call, region: 'eu-west-1' }), true);
    assert.equal(admit({ ...call, action: 'CopySnapshot' }), true);
    const second = { ...call, nowMs: 1000 };
    const passed = Array.from({ length: 10 }, () => admit(second)).filter(Boolean);
    assert.equal(passed.length, 5);
  });

  it('count instances, too: 1,000 at once and 2 a second for RunInstances (resource token limits)', () => {
    const { passed, admit, call } = burst('RunInstances', given('MinCount', '400'));
    assert.equal(passed, 2);
    assert.equal(admit({ ...call, parameters: given('MinCount', '200') }), true);
    assert.equal(admit({ ...call, nowMs: 1000, parameters: given('MinCount', '3') }), false);
    assert.equal(admit({ ...call, nowMs: 1000, parameters: given('MinCount', '2') }), true);
  });

  it('are shared by SSM’s calls that read parameters, 40 a second (general reference, quotas)', () => {
    const { passed, admit, call } = burst('GetParameter', none, ssmService);
    assert.equal(passed, 40);
    assert.equal(admit({ ...call, action: 'GetParametersByPath' }), false);
    assert.equal(admit({ ...call, action: 'SendCommand' }), true);
  });
});

describe('contract: quotas', () => {
  afterEach(closeTestClouds);

  it('answers RequestLimitExceeded, as 503, beyond the rate', async () => {
    const cloud = await openTestCloud({ settings: { throttling: true } });
    const client = cloud.client();
    // Five at once and two a second: however slow these are, they are more than that.
    const calls = Array.from({ length: 40 }, () =>
      client.send(new ec2.RunInstancesCommand({ MinCount: 1, MaxCount: 1 })),
    );
    const results = await Promise.allSettled(calls);
    const refused = results.filter((result) => result.status === 'rejected');
    const throttled = refused
      .map(({ reason }) => reason as ec2.EC2ServiceException)
      .filter(({ name }) => name === 'RequestLimitExceeded')
      .map((error) => error.$metadata.httpStatusCode);
    assert.deepEqual([...new Set(throttled)], [503]);
  });

  it('refuses a volume beyond the limit, until one is deleted (error codes, VolumeLimitExceeded)', async () => {
    const cloud = await openTestCloud({ settings: { volumesPerRegion: 1 } });
    const client = cloud.client();
    const first = await newVolume(client);
    await refusal('VolumeLimitExceeded', newVolume(client));
    assert.ok(
      await newVolume(cloud.client('eu-west-1'), { AvailabilityZone: 'eu-west-1a' }),
      'no volume',
    );
    await client.send(new ec2.DeleteVolumeCommand({ VolumeId: first }));
    assert.ok(await newVolume(client), 'no newVolume(client)');
  });

  it('accepts a launch beyond the volume limit, and ends it (user guide, instance terminates immediately)', async () => {
    const cloud = await openTestCloud({ settings: { volumesPerRegion: 0 } });
    const client = cloud.client();
    const id = await launch(client);
    const instance = await until(async () => {
      const seen = await instanceOf(client, id);
      return seen.State?.Name === 'terminated' && seen;
    });
    assert.equal(instance.StateReason?.Code, 'Client.VolumeLimitExceeded');
  });

  it('refuses snapshots beyond the limits, pending ones and all (error codes)', async () => {
    const cloud = await openTestCloud({ latency: 'fast' });
    const client = cloud.client();
    const available = async (): Promise<string> => {
      const id = await newVolume(client);
      await until(async () => (await volumeOf(client, id)).State === 'available');
      return id;
    };
    const volumes = [await available(), await available()];
    const [one, other] = [idOf(volumes[0]), idOf(volumes[1])];
    await changeSettings(cloud, { pendingSnapshotsPerRegion: 0 });
    await refusal('PendingSnapshotLimitExceeded', newSnapshot(client, { VolumeId: one }));
    await changeSettings(cloud, { pendingSnapshotsPerRegion: null, snapshotsPerRegion: 1 });
    const snapshot = await newSnapshot(client, { VolumeId: one });
    await refusal('SnapshotLimitExceeded', newSnapshot(client, { VolumeId: other }));
    await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshot }));
    assert.ok(
      await newSnapshot(client, { VolumeId: other }),
      'no newSnapshot(client, { VolumeId: other })',
    );
  });
});
