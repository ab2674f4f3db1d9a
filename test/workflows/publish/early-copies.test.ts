import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { cancelled, heartbeat } from '@temporalio/activity';
import type { Activities } from '../../../src/activities/activities.js';
import type { CopyToRegionInput } from '../../../src/activities/shapes/region.js';
import {
  imageProgressQuery,
  retryRegionsUpdate,
  skipRegionsUpdate,
} from '../../../src/contract.js';
import { EC2_TEST_EXCEPTION } from '../../../src/model/errors.js';
import type { ImageResult } from '../../../src/model/progress/progress.js';
import type { FakeActivities } from '../../support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../../support/fake-activities.js';
import { failureOf } from '../../support/expectations.js';
import { somePlan, someRequest } from '../../support/images.js';
import { until } from '../../support/until.js';
import { withWorker } from '../../support/workflow-worker.js';

type Handle = WorkflowHandle<() => Promise<ImageResult>>;

const BY = { by: 'ann@desk' };
const SICK = 'sa-east-1';
const COPIES = ['ap-south-1', 'eu-west-1', SICK];
const usual = fakeActivities().activities;

interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

function gate(): Gate {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Copies begin with the test, which lasts until the gate opens. */
function withTest(overrides: Partial<Activities> = {}): {
  readonly fake: FakeActivities;
  readonly test: Gate;
  readonly copied: CopyToRegionInput[];
} {
  const test = gate();
  const copied: CopyToRegionInput[] = [];
  const fake = fakeActivities({
    planImage: ({ request, workflowId, runId }) =>
      Promise.resolve(somePlan(request, { workflowId, runId }, { copyStart: 'with-test' })),
    runTest: async (input) => {
      await test.opened;
      return usual.runTest(input);
    },
    copyToRegion: (input) => {
      copied.push(input);
      return Promise.resolve(registered(input.regionPlan, 'snap-1'));
    },
    ...overrides,
  });
  return { fake, test, copied };
}

const failingTest = (test: Gate): Pick<Activities, 'runTest'> => ({
  runTest: async () => {
    await test.opened;
    throw finalFailure('exited with status 3', { code: 'test-failed' }, EC2_TEST_EXCEPTION);
  },
});

function earlyCopies({ calls }: FakeActivities): string[] {
  return calls.filter((call) => call.startsWith('copySnapshot')).sort();
}

function untilTest(fake: FakeActivities): Promise<void> {
  const regions = COPIES.map((region) => `copySnapshot ${region}`);
  return until('the test and the copies', () =>
    ['runTest', ...regions].every((call) => fake.calls.includes(call)),
  );
}

/** Waits as a real activity does: with heartbeats, until it is cancelled. */
async function untilCancelled(): Promise<never> {
  const beat = setInterval(heartbeat, 100);
  return cancelled().finally(() => clearInterval(beat));
}

async function stateOf(handle: Handle, regionName: string): Promise<string | undefined> {
  const { regions } = await handle.query(imageProgressQuery);
  return regions.find(({ region }) => region === regionName)?.state;
}

const skip = (handle: Handle, region: string) =>
  handle.executeUpdate(skipRegionsUpdate, { args: [{ ...BY, regions: [region] }] });
const retry = (handle: Handle, region: string) =>
  handle.executeUpdate(retryRegionsUpdate, { args: [{ ...BY, regions: [region] }] });

describe('copies that begin with the test', () => {
  it('do not wait for the test, and their regions get no AMI before it has passed', async () => {
    const { fake, test, copied } = withTest();
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilTest(fake);
      assert.equal(await stateOf(handle, SICK), 'copying');
      assert.equal(copied.length, 0, 'an AMI was registered before the test had passed');
      test.open();
      const { outcome } = await handle.result();
      assert.equal(outcome, 'published');
    });
    assert.equal(earlyCopies(fake).length, COPIES.length, 'one copy a region');
    assert(
      copied.every(({ copyMayExist }) => copyMayExist === true),
      'a second copy would be made where EC2 lists the first one late',
    );
    const copies = fake.announced.filter(({ topic }) => topic === 'image.copy');
    assert.equal(copies.length, COPIES.length * 4, 'the messages are those of later copies');
  });

  it('are removed when the test fails, and no message reports them', async () => {
    const test = gate();
    const { fake } = withTest(failingTest(test));
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilTest(fake);
      test.open();
      assert.equal((await failureOf(handle.result())).type, EC2_TEST_EXCEPTION);
    });
    for (const region of COPIES) assert.equal(fake.count(`undoRegion ${region}`), 1, region);
    const about = fake.announced.map(({ topic }) => topic);
    assert(!about.includes('image.copy'), about.join('\n'));
    assert(
      !about.some((topic) => topic.includes('left-out') || topic.includes('region')),
      about.join('\n'),
    );
  });

  it('do not begin when the configuration says nothing of it', async () => {
    const fake = fakeActivities();
    await withWorker(fake.activities, async ({ startImage }) => {
      await (await startImage(someRequest())).result();
    });
    assert.deepEqual(earlyCopies(fake), []);
  });

  it('stop before they are removed when the run is cancelled', async () => {
    const { fake } = withTest({ copySnapshot: untilCancelled, runTest: untilCancelled });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilTest(fake);
      await handle.cancel();
      await assert.rejects(handle.result());
    });
    for (const region of COPIES) assert.equal(fake.count(`undoRegion ${region}`), 1, region);
  });

  it('end in a region that the operator skips meanwhile, before its copy is removed', async () => {
    let isCopying = false;
    const { fake, test } = withTest({
      copySnapshot: async ({ regionName }) => {
        if (regionName !== SICK) return 'snap-1';
        isCopying = true;
        return untilCancelled().finally(() => (isCopying = false));
      },
      undoRegion: ({ steps, regionName }) => {
        assert(regionName !== SICK || !isCopying, 'the undo misses what is made behind it');
        return Promise.resolve({ removed: [...steps], kept: [], left: [] });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilTest(fake);
      assert.deepEqual(await skip(handle, SICK), { changed: true });
      await until('the undo', () => fake.count(`undoRegion ${SICK}`) === 1);
      test.open();
      const { outcome, failedRegions } = await handle.result();
      assert.equal(outcome, 'partly-published');
      assert.deepEqual(
        failedRegions.map(({ region, reason }) => [region, reason]),
        [[SICK, 'skipped by ann@desk']],
      );
    });
    assert.equal(fake.count(`copyToRegion ${SICK}`), 0);
  });

  it('are made anew where the operator skips a region and wants it after all', async () => {
    const undoing = gate();
    const { fake, test, copied } = withTest({
      undoRegion: async ({ steps }) => {
        await undoing.opened;
        return { removed: [...steps], kept: [], left: [] };
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilTest(fake);
      await skip(handle, SICK);
      await until('the undo', () => fake.count(`undoRegion ${SICK}`) === 1);
      await retry(handle, SICK);
      test.open();
      await until('the other copies', () => copied.length === COPIES.length - 1);
      assert.equal(fake.count(`copyToRegion ${SICK}`), 0, 'the undo would remove the new copy');
      undoing.open();
      assert.equal((await handle.result()).outcome, 'published');
    });
    const again = copied.find(({ regionPlan }) => regionPlan.regionName === SICK);
    assert.equal(again?.copyMayExist, undefined, 'its first copy is gone');
  });

  it('that cannot begin cost no region: the copy step makes them', async () => {
    const { fake, test } = withTest({
      copySnapshot: () => Promise.reject(finalFailure('no room for a copy')),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilTest(fake);
      test.open();
      assert.equal((await handle.result()).outcome, 'published');
    });
  });

  it('that hang are given up with the patience of their region', async () => {
    const test = gate();
    const { fake } = withTest({
      planImage: ({ request, workflowId, runId }) => {
        const early = { copyStart: 'with-test', regionPatienceMs: 2_000 } as const;
        return Promise.resolve(somePlan(request, { workflowId, runId }, early));
      },
      copySnapshot: ({ regionName }) =>
        regionName === SICK ? untilCancelled() : Promise.resolve('snap-1'),
      runTest: async (input) => {
        await test.opened;
        return usual.runTest(input);
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilTest(fake);
      test.open();
      const { failedRegions } = await handle.result();
      assert.deepEqual(
        failedRegions.map(({ region, reason }) => [region, reason]),
        [[SICK, 'not complete within region_patience']],
      );
    });
    assert.equal(fake.count(`undoRegion ${SICK}`), 1);
  });
});
