import assert from 'node:assert/strict';
import { cancelled, heartbeat } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { RemoveSurplusInput } from '../../src/activities/shapes/removal.js';
import { imageProgressQuery } from '../../src/contract.js';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import { variantKey } from '../../src/model/ids/variant.js';
import { failureOf } from '../support/expectations.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { somePlan, someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';

describe('publishImage', () => {
  it('takes the eight steps in the order of the specification', async () => {
    const fake = fakeActivities();
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'published');
      assert.equal(result.amis.length, 4 * 4);
      assert(
        result.amis.every((ami) => ami.public && ami.ami !== null),
        JSON.stringify(result.amis),
      );
      const tested = result.amis.filter((ami) => ami.tested);
      assert.deepEqual([...new Set(tested.map(variantKey))], ['hvm-standard'], 'what was booted');
      assert.equal(tested.length, 4, 'the same bytes in every region');
    });
    const order = [
      'planImage',
      'launchUtilityInstance us-east-1',
      'writeImage',
      'snapshotVolume',
      'registerImages us-east-1',
      'terminateInstance us-east-1',
      'runTest',
      'copyToRegion sa-east-1',
      'publishRegion us-east-1',
      'publishRegion sa-east-1',
    ];
    const positions = order.map((call) => fake.calls.indexOf(call));
    assert(!positions.includes(-1), fake.calls.join('\n'));
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
    assert.equal(fake.count('undoRegion us-east-1'), 0);
  });

  it('reports its beginning and its end, and every AMI once it is there', async () => {
    const fake = fakeActivities();
    await withWorker(fake.activities, async ({ startImage }) => {
      await (await startImage(someRequest())).result();
    });
    const statuses = (topic: string) =>
      new Set(
        fake.announced.filter((one) => one.topic === topic).map(({ body }) => body['status']),
      );
    assert.deepEqual([...statuses('image.upload')], ['started', 'completed']);
    assert.deepEqual([...statuses('image.test')], ['started', 'completed']);
    // fedmsg_meta reads every message on these two topics as a success.
    assert.deepEqual([...statuses('image.copy')], [undefined]);
    assert.deepEqual([...statuses('image.publish')], [undefined]);
    const order = fake.announced.map(({ topic }) => topic);
    assert(order.lastIndexOf('image.test') < order.indexOf('image.publish'), order.join('\n'));
    assert.deepEqual([order[0], order.at(-1)], ['run.v1.started', 'run.v1.published']);
  });

  it('makes nothing public and removes everything when the test script fails', async () => {
    const fake = fakeActivities({
      runTest: () =>
        Promise.reject(
          finalFailure(
            'exited with status 3',
            { output: 'no route', exitStatus: 3 },
            EC2_TEST_EXCEPTION,
          ),
        ),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const failure = await failureOf((await startImage(someRequest())).result());
      assert.equal(failure.type, EC2_TEST_EXCEPTION);
      assert.match(failure.message, /status 3/);
      assert.deepEqual((failure.details?.[0] as { output: string }).output, 'no route');
    });
    assert(!fake.calls.some((call) => call.startsWith('copyToRegion')), fake.calls.join('\n'));
    assert(!fake.calls.some((call) => call.startsWith('publishRegion')), fake.calls.join('\n'));
    assert.equal(fake.count('undoRegion us-east-1'), 1);
    const test = fake.announced.filter(({ topic }) => topic === 'image.test');
    assert.deepEqual(
      test.map(({ body }) => body['status']),
      ['started', 'failed'],
    );
  });

  it('looks once more, before it closes, into every region that it touched, and keeps what its result lists', async () => {
    const looked: RemoveSurplusInput[] = [];
    const fake = fakeActivities({
      copyToRegion: ({ regionPlan }) =>
        regionPlan.regionName === 'ap-south-1'
          ? Promise.reject(finalFailure('InternalError for a week'))
          : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
      removeSurplus: (input) => {
        looked.push(input);
        return Promise.reject(finalFailure('no answer from us-east-1'));
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const { outcome, amis } = await (await startImage(someRequest())).result();
      assert.equal(outcome, 'partly-published', 'the look cannot fail a run that is public');
      const listed = (regionName: string) =>
        amis.filter(({ region, ami }) => region === regionName && ami !== null);
      const results = looked[0]?.regions ?? [];
      assert.deepEqual(
        results.map(({ regionName }) => regionName),
        ['us-east-1', 'eu-west-1', 'ap-south-1', 'sa-east-1'],
      );
      for (const { regionName, ids } of results) {
        const own = listed(regionName).flatMap(({ ami, snapshot }) => [ami, snapshot]);
        assert.deepEqual([...ids].sort(), [...new Set(own)].sort(), regionName);
      }
    });
    assert.equal(looked.length, 1, 'one activity for all regions');
    const last = fake.calls.filter((call) => call !== 'announce').at(-1);
    assert.equal(last, 'removeSurplus');
  });

  it('ends as cancelled, and cleans up all regions, when it is cancelled during the copies', async () => {
    let copying = 0;
    const fake = fakeActivities({
      copyToRegion: async () => {
        copying += 1;
        const beat = setInterval(heartbeat, 200);
        await cancelled().finally(() => clearInterval(beat));
        return [];
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the copies', () => copying === 3);
      await handle.cancel();
      await assert.rejects(handle.result(), (error) => {
        assert(error instanceof WorkflowFailedError, String(error));
        return error.cause instanceof CancelledFailure;
      });
      const progress = await handle.query(imageProgressQuery);
      assert.equal(progress.outcome, 'cancelled');
    });
    const undone = fake.calls.filter((call) => call.startsWith('undoRegion')).sort();
    assert.deepEqual(undone, [
      'undoRegion ap-south-1',
      'undoRegion eu-west-1',
      'undoRegion sa-east-1',
      'undoRegion us-east-1',
    ]);
  });

  it('changes nothing for an image that is already published', async () => {
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) => {
        const plan = somePlan(request, { workflowId, runId });
        const published = [plan.home, ...plan.copies].flatMap((regionPlan) =>
          registered(regionPlan, `snap-${regionPlan.regionName}`),
        );
        return Promise.resolve({ ...plan, published });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'already-published');
      assert(
        result.amis.every((ami) => ami.public),
        JSON.stringify(result.amis),
      );
    });
    assert.deepEqual(fake.calls, ['planImage']);
  });

  it('finds an image that is complete and kept private, and does not call it public', async () => {
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) => {
        const plan = { ...somePlan(request, { workflowId, runId }), makePublic: false };
        const published = [plan.home, ...plan.copies].flatMap((regionPlan) =>
          registered(regionPlan, `snap-${regionPlan.regionName}`)
            .slice(0, regionPlan.regionName === 'eu-west-1' ? 1 : 4)
            .map((ami) => ({ ...ami, isPrivate: true as const })),
        );
        return Promise.resolve({ ...plan, published });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const { outcome, amis } = await (await startImage(someRequest())).result();
      assert.equal(outcome, 'partly-published');
      assert.equal(amis.filter(({ ami }) => ami !== null).length, 3 * 4 + 1);
      assert(
        amis.every((ami) => !ami.public),
        JSON.stringify(amis),
      );
    });
  });

  it('does not count a region as published where the earlier run published only one AMI', async () => {
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) => {
        const plan = somePlan(request, { workflowId, runId });
        const published = [plan.home, ...plan.copies].flatMap((regionPlan) => {
          const amis = registered(regionPlan, `snap-${regionPlan.regionName}`);
          return regionPlan.regionName === 'eu-west-1' ? amis.slice(0, 1) : amis;
        });
        return Promise.resolve({ ...plan, published });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const { outcome, amis, failedRegions } = await (await startImage(someRequest())).result();
      assert.equal(outcome, 'partly-published');
      assert.deepEqual(failedRegions, [
        { region: 'eu-west-1', reason: 'not published by the earlier run' },
      ]);
      const there = amis.filter(({ region, ami }) => region === 'eu-west-1' && ami !== null);
      assert.equal(there.length, 1);
      assert(
        amis.every(({ ami, public: everyone }) => everyone === (ami !== null)),
        JSON.stringify(amis),
      );
    });
    assert.deepEqual(fake.calls, ['planImage']);
  });

  it('reports what it left behind when EC2 refuses the clean-up', async () => {
    const fake = fakeActivities({
      registerImages: () => Promise.reject(finalFailure('quota')),
      undoRegion: () =>
        Promise.resolve({ removed: [], kept: [], left: ['snap-1: UnauthorizedOperation'] }),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const failure = await failureOf((await startImage(someRequest())).result());
      assert.match(failure.message, /quota; left behind: snap-1: UnauthorizedOperation/);
    });
  });

  it('does not wait for a broker that is down before it publishes', async () => {
    let release = () => undefined as void;
    const broker = new Promise<void>((resolve) => (release = resolve));
    const fake = fakeActivities({
      announce: (batch) => broker.then(() => ({ handled: batch.length, refused: [] })),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('all is public', async () => {
        const { outcome } = await handle.query(imageProgressQuery);
        return outcome === 'published';
      });
      assert.equal((await handle.describe()).status.name, 'RUNNING');
      release();
      await handle.result();
    });
  });
});
