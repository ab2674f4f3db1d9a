import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { activityInfo, cancelled, heartbeat } from '@temporalio/activity';
import type { Activities } from '../../src/activities/activities.js';
import type { RemoveSurplusInput } from '../../src/activities/shapes/removal.js';
import { imageProgressQuery } from '../../src/contract.js';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import type { ImageProgress } from '../../src/model/progress/progress.js';
import { variantKey } from '../../src/model/ids/variant.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { someRegion, somePlan, someRequest, withInstance } from '../support/images.js';
import { failureOf } from '../support/expectations.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';

describe('publishImage', () => {
  it('takes the eight steps in the order of the specification', async () => {
    const fake = fakeActivities();
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'published');
      assert.equal(result.amis.length, 4 * 4);
      assert(result.amis.every((ami) => ami.public && ami.ami !== null));
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

  const directly: Partial<Activities> = {
    planImage: ({ request, workflowId, runId }) => {
      const { utility, ...plan } = somePlan(request, { workflowId, runId });
      assert(utility);
      return Promise.resolve({ ...plan, direct: { snapshotSizeGiB: 1, idleMinutes: 120 } });
    },
  };

  it('launches no utility instance when the worker writes the snapshot itself, and sends the same messages', async () => {
    const fake = fakeActivities(directly);
    const usual = fakeActivities();
    const topics = ({ announced }: FakeActivities) => announced.map(({ topic }) => topic);
    await withWorker(usual.activities, async ({ startImage }) => {
      await (await startImage(someRequest())).result();
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      const result = await handle.result();
      assert.equal(result.outcome, 'published');
      assert(result.amis.some(({ snapshot }) => snapshot === 'snap-home'));
      const { steps } = await handle.query<ImageProgress>(imageProgressQuery);
      assert.equal(steps.utility.state, 'skipped');
      assert.equal(steps.write.state, 'done');
    });
    assert.equal(fake.count('writeDirect us-east-1'), 1);
    for (const none of ['launchUtilityInstance us-east-1', 'writeImage', 'snapshotVolume']) {
      assert.equal(fake.count(none), 0, none);
    }
    assert.equal(fake.count('terminateInstance us-east-1'), 1, 'the test instance');
    assert.deepEqual(topics(fake).sort(), topics(usual).sort());
  });

  it('removes the snapshot that the worker could not write, and writes another one when EBS lost the first', async () => {
    const generations: number[] = [];
    const fake = fakeActivities({
      ...directly,
      writeDirect: ({ generation }) => {
        generations.push(generation);
        const isLost = generations.length === 1;
        return Promise.reject(finalFailure('no', isLost ? { class: 'lost' } : {}));
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      await failureOf((await startImage(someRequest())).result());
    });
    assert.deepEqual(generations, [0, 1], 'with the old token EBS would return the lost snapshot');
    assert.equal(fake.count('undoRegion us-east-1'), 2);
  });

  it('gives the write as long as its instance lives, so that a large image on a slow server is written', async () => {
    const seen: number[] = [];
    const usual = fakeActivities().activities;
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) => {
        const plan = withInstance(somePlan(request, { workflowId, runId }));
        return Promise.resolve({ ...plan, utility: { ...plan.utility, deadManMinutes: 600 } });
      },
      writeImage: (input) => {
        const { startToCloseTimeoutMs, scheduleToCloseTimeoutMs } = activityInfo();
        seen.push(startToCloseTimeoutMs / 60_000, scheduleToCloseTimeoutMs / 60_000);
        return usual.writeImage(input);
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      await (await startImage(someRequest())).result();
    });
    assert.deepEqual(seen, [600, 660]);
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
    assert(order.lastIndexOf('image.test') < order.indexOf('image.publish'));
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
    assert(!fake.calls.some((call) => call.startsWith('copyToRegion')));
    assert(!fake.calls.some((call) => call.startsWith('publishRegion')));
    assert.equal(fake.count('undoRegion us-east-1'), 1);
    const test = fake.announced.filter(({ topic }) => topic === 'image.test');
    assert.deepEqual(
      test.map(({ body }) => body['status']),
      ['started', 'failed'],
    );
  });

  it('does not advise more patience for a snapshot that EC2 itself failed', async () => {
    const failure = { code: 'snapshot-failed', class: 'lost', next: 'Ask AWS support.' } as const;
    const fake = fakeActivities({
      copyToRegion: ({ regionPlan }) =>
        regionPlan.regionName === 'ap-south-1'
          ? Promise.reject(finalFailure('snapshot snap-1 ended in error', failure))
          : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const { failedRegions } = await (await startImage(someRequest())).result();
      assert.deepEqual(
        failedRegions.map(({ next }) => next),
        ['Ask AWS support.'],
      );
    });
  });

  it('publishes the other regions when one region fails, and names the missing one', async () => {
    const fake = fakeActivities({
      copyToRegion: ({ regionPlan }) =>
        regionPlan.regionName === 'ap-south-1'
          ? Promise.reject(finalFailure('InternalError for a week'))
          : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'partly-published');
      assert.deepEqual(result.failedRegions, [
        { region: 'ap-south-1', reason: 'InternalError for a week', next: 'nothing' },
      ]);
      const missing = result.amis.filter(({ region }) => region === 'ap-south-1');
      assert.equal(missing.length, 4);
      assert(
        missing.every(({ ami, reason }) => ami === null && reason === 'InternalError for a week'),
      );
    });
    assert.equal(fake.count('undoRegion ap-south-1'), 1);
    assert.equal(fake.count('undoRegion us-east-1'), 0);
    assert.equal(fake.count('publishRegion eu-west-1'), 1);
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

  it('makes nothing public when a required region is missing', async () => {
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) =>
        Promise.resolve(
          somePlan(
            request,
            { workflowId, runId },
            {
              copies: [someRegion('eu-west-1'), someRegion('ap-south-1', { required: true })],
            },
          ),
        ),
      copyToRegion: ({ regionPlan }) =>
        regionPlan.required
          ? Promise.reject(finalFailure('closed'))
          : Promise.resolve(registered(regionPlan, 'snap-1')),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const failure = await failureOf((await startImage(someRequest())).result());
      assert.match(failure.message, /required regions are incomplete: ap-south-1: closed/);
    });
    assert(!fake.calls.some((call) => call.startsWith('publishRegion')));
    assert.equal(fake.count('undoRegion us-east-1'), 1);
    assert.equal(fake.count('undoRegion eu-west-1'), 1);
  });

  it('reports an AMI that became public before its region failed', async () => {
    const { fake, kept } = halfPublicIn('eu-west-1');
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'partly-published');
      const there = result.amis.filter(({ region, ami }) => region === 'eu-west-1' && ami !== null);
      assert.deepEqual(
        there.map(({ ami, public: everyone }) => [ami, everyone]),
        [[kept(), true]],
      );
    });
    assert.equal(published(fake).filter((id) => id === kept()).length, 1);
  });

  it('lists no AMI of a failed region as public before EC2 has shown which of them are', async () => {
    let release = () => undefined as void;
    const undoing = new Promise<void>((resolve) => (release = resolve));
    const { fake, kept } = halfPublicIn('eu-west-1', undoing);
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the undo', () => fake.count('undoRegion eu-west-1') === 1);
      const of = ({ regions }: Pick<ImageProgress, 'regions'>) =>
        regions.find(({ region }) => region === 'eu-west-1');
      const during = of(await handle.query(imageProgressQuery));
      assert.deepEqual([during?.state, during?.amis], ['failed', []]);
      release();
      const { amis } = await handle.result();
      const there = amis.filter(({ region, ami }) => region === 'eu-west-1' && ami !== null);
      assert.deepEqual(
        there.map(({ ami }) => ami),
        [kept()],
      );
    });
    assert.deepEqual(reasonsOfLeftOut(fake), [['eu-west-1', 'refused at the second', 1]]);
  });

  it('reports that AMIs of a left-out region may be public when EC2 refuses to show them', async () => {
    const fake = fakeActivities({
      publishRegion: ({ regionName: region }) =>
        region === 'eu-west-1'
          ? Promise.reject(finalFailure('refused at the second'))
          : Promise.resolve(),
      undoRegion: () =>
        Promise.resolve({ removed: [], kept: [], left: ['AMIs: not allowed'], unseen: true }),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const { failedRegions } = await (await startImage(someRequest())).result();
      assert.match(
        failedRegions[0]?.reason ?? '',
        /refused .*; left behind: AMIs: not allowed; AMIs in eu-west-1 may be public/,
      );
    });
    assert.deepEqual(
      reasonsOfLeftOut(fake).map(([region]) => region),
      ['eu-west-1'],
    );
    assert.match(String(reasonsOfLeftOut(fake)[0]?.[1]), /AMIs in eu-west-1 may be public/);
  });

  it('lists and reports only the AMIs that stay after the undo of a failed run', async () => {
    const { fake, kept } = halfPublicIn('us-east-1');
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await failureOf(handle.result());
      const { regions } = await handle.query(imageProgressQuery);
      const listed = regions.filter(({ amis }) => amis.length > 0);
      assert.deepEqual(
        listed.map(({ region, state, amis }) => [region, state, amis.map(({ ami }) => ami)]),
        [['us-east-1', 'failed', [kept()]]],
      );
    });
    assert.deepEqual(published(fake), [kept()]);
    const ended = fake.announced.at(-1);
    assert.equal(ended?.topic, 'run.v1.failed');
    const reported = ended.body['regions'] as Record<string, { state: string; amis: object }>;
    assert.deepEqual(reported['us-east-1']?.state, 'left-out');
    assert.deepEqual(Object.values(reported['us-east-1'].amis), [kept()]);
  });

  it('leaves a region out that is not complete within its patience', async () => {
    const fake = fakeActivities({
      // Long enough for the other regions on a busy machine.
      planImage: ({ request, workflowId, runId }) =>
        Promise.resolve(somePlan(request, { workflowId, runId }, { regionPatienceMs: 6_000 })),
      copyToRegion: async ({ regionPlan }) => {
        if (regionPlan.regionName === 'sa-east-1') {
          const beat = setInterval(heartbeat, 200);
          await cancelled().finally(() => clearInterval(beat));
        }
        return registered(regionPlan, `snap-${regionPlan.regionName}`);
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'partly-published');
      assert.equal(result.failedRegions[0]?.region, 'sa-east-1');
      assert.match(result.failedRegions[0]?.reason, /region_patience/);
      assert.match(result.failedRegions[0]?.next ?? '', /raise publish\.region_patience/);
    });
    assert.equal(fake.count('undoRegion sa-east-1'), 1);
  });

  it('never continues a half-written volume: a lost instance means a new instance and a new volume', async () => {
    let writes = 0;
    const generations: number[] = [];
    const fake = fakeActivities({
      launchUtilityInstance: ({ regionName, generation }) => {
        generations.push(generation);
        const ids = { instanceId: `i-${generation}`, volumeId: `vol-${generation}` };
        return Promise.resolve({ regionName, ...ids, volumeSizeGiB: 1 });
      },
      writeImage: () => {
        writes += 1;
        return writes === 1
          ? Promise.reject(finalFailure('the instance is gone', { class: 'lost' }))
          : Promise.resolve({ sha256: 'a'.repeat(64), rawSha256: 'b'.repeat(64), rawSizeBytes: 9 });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'published');
    });
    assert.deepEqual(generations, [0, 1], 'with the old token EC2 would return the dead instance');
    const undone = fake.calls.indexOf('undoRegion us-east-1');
    assert(undone > 0 && undone < fake.calls.lastIndexOf('launchUtilityInstance us-east-1'));
  });

  it('begins again with a new volume when EC2 fails the snapshot of the first', async () => {
    const volumes: string[] = [];
    const fake = fakeActivities({
      snapshotVolume: ({ utility, rawSha256 }) => {
        volumes.push(utility.volumeId);
        return volumes.length === 1
          ? Promise.reject(finalFailure('the snapshot failed', { class: 'lost' }))
          : Promise.resolve({ regionName: utility.regionName, snapshot: 'snap-two', rawSha256 });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'published');
      assert(result.amis.every(({ snapshot }) => snapshot !== 'snap-home'));
    });
    assert.deepEqual(volumes, ['vol-0', 'vol-1']);
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
        assert(error instanceof WorkflowFailedError);
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
      assert(result.amis.every((ami) => ami.public));
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
      assert(amis.every((ami) => !ami.public));
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
      assert(amis.every(({ ami, public: everyone }) => everyone === (ami !== null)));
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

/** The first AMI of the region becomes public, its second is refused, and the undo keeps what is public. */
function halfPublicIn(
  sick: string,
  undoing: Promise<void> = Promise.resolve(),
): {
  readonly fake: FakeActivities;
  readonly kept: () => string;
} {
  let first = '';
  const fake = fakeActivities({
    publishRegion: ({ regionName: region, amis }) => {
      if (region !== sick) return Promise.resolve();
      first = amis[0]?.ami ?? '';
      return Promise.reject(finalFailure('refused at the second'));
    },
    undoRegion: async ({ regionName: region, steps }) => {
      if (region === sick) await undoing;
      return { removed: [...steps], kept: region === sick ? [first] : [], left: [] };
    },
  });
  return { fake, kept: () => first };
}

/** Region, reason and number of AMIs that stay, of each left-out region that was reported. */
function reasonsOfLeftOut({ announced }: FakeActivities): unknown[][] {
  return announced
    .filter(({ topic }) => topic === 'region.v1.left-out')
    .map(({ body: { destination, reason, amis } }) => [
      destination,
      reason,
      Object.keys(amis as object).length,
    ]);
}

function published({ announced }: FakeActivities): unknown[] {
  return announced
    .filter(({ topic }) => topic === 'image.publish')
    .map(({ body }) => (body['extra'] as { id?: string }).id);
}
