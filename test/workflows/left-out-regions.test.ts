import assert from 'node:assert/strict';
import { cancelled, heartbeat } from '@temporalio/activity';
import { imageProgressQuery } from '../../src/contract.js';
import type { ImageProgress } from '../../src/model/progress/progress.js';
import { failureOf } from '../support/expectations.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { somePlan, someRegion, someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';

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

describe('publishImage', () => {
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
        JSON.stringify(missing),
      );
    });
    assert.equal(fake.count('undoRegion ap-south-1'), 1);
    assert.equal(fake.count('undoRegion us-east-1'), 0);
    assert.equal(fake.count('publishRegion eu-west-1'), 1);
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
    assert(!fake.calls.some((call) => call.startsWith('publishRegion')), fake.calls.join('\n'));
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
});
