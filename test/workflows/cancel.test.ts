import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { cancelled, heartbeat } from '@temporalio/activity';
import type { Activities } from '../../src/activities/activities.js';
import { imageProgressQuery } from '../../src/contract.js';
import { EC2_SERVICE_EXCEPTION, EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import { fakeActivities, finalFailure } from '../support/fake-activities.js';
import { someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';

/** Waits as a real activity does: with heartbeats, until it is cancelled. */
async function untilCancelled(): Promise<never> {
  const beat = setInterval(heartbeat, 100);
  return cancelled().finally(() => clearInterval(beat));
}

async function assertCancelled(handle: WorkflowHandle): Promise<void> {
  await assert.rejects(handle.result(), (error) => {
    assert(error instanceof WorkflowFailedError, String(error));
    assert(error.cause instanceof CancelledFailure, String(error.cause));
    return true;
  });
  assert.equal((await handle.describe()).status.name, 'CANCELLED');
}

/** A promise, and what resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const HOME = 'undoRegion us-east-1';
const COPIES = ['undoRegion ap-south-1', 'undoRegion eu-west-1', 'undoRegion sa-east-1'];

/** Each activity of the eight steps, its first call, and the undos that must follow. */
const ACTS: readonly [step: string, act: keyof Activities, call: string, undone: string[]][] = [
  ['plan', 'planImage', 'planImage', []],
  ['utility', 'launchUtilityInstance', 'launchUtilityInstance us-east-1', [HOME]],
  ['write', 'writeImage', 'writeImage', [HOME]],
  ['write (the snapshot)', 'snapshotVolume', 'snapshotVolume', [HOME]],
  ['register', 'registerImages', 'registerImages us-east-1', [HOME]],
  ['retire', 'terminateInstance', 'terminateInstance us-east-1', [HOME]],
  ['retire (the launch)', 'launchTestInstance', 'launchTestInstance us-east-1', [HOME]],
  ['test', 'runTest', 'runTest', [HOME]],
  ['copy', 'copyToRegion', 'copyToRegion sa-east-1', [...COPIES, HOME]],
  ['publish', 'publishRegion', 'publishRegion us-east-1', [...COPIES, HOME]],
];

describe('a cancel', () => {
  for (const [step, act, call, undone] of ACTS) {
    it(`in ${step} ends the run as cancelled and undoes all that was begun`, async () => {
      // A test instance ends beside the steps, also when the run is cancelled.
      const hangs = (input: { readonly instanceId?: string } | undefined) =>
        input?.instanceId === 'i-test0' ? Promise.resolve() : untilCancelled();
      const fake = fakeActivities({ [act]: act === 'terminateInstance' ? hangs : untilCancelled });
      await withWorker(fake.activities, async ({ startImage }) => {
        const handle = await startImage(someRequest());
        await until(call, () => fake.calls.includes(call));
        await handle.cancel();
        await assertCancelled(handle);
      });
      const undo = fake.calls.filter((one) => one.startsWith('undoRegion'));
      assert.deepEqual(undo.sort(), [...undone].sort());
      const after = fake.calls.slice(fake.calls.indexOf(undo[0] ?? call) + 1);
      assert.deepEqual(
        after.filter((one) => !/^(undoRegion|announce|copyToRegion)/.test(one)),
        [],
        'the run makes no further resource',
      );
    });
  }

  it('does not wait for a plan whose server does not answer', async () => {
    const { opened, open } = gate();
    const fake = fakeActivities({ planImage: () => opened.then(() => assert.fail('too late')) });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the plan', () => fake.calls.includes('planImage'));
      await handle.cancel();
      await assertCancelled(handle);
      open();
    });
  });

  it('during the publication names each region whose AMIs may be public, when EC2 refuses to show them', async () => {
    const fake = fakeActivities({
      publishRegion: () => {
        const beat = setInterval(heartbeat, 100);
        return cancelled().finally(() => clearInterval(beat));
      },
      undoRegion: ({ mayBePublic }) =>
        Promise.resolve({
          ...{ removed: [], kept: [], left: ['AMIs: not allowed'] },
          ...(mayBePublic === true ? { unseen: true as const } : {}),
        }),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the publication', () => fake.calls.includes('publishRegion us-east-1'));
      await handle.cancel();
      await assertCancelled(handle);
      const { regions } = await handle.query(imageProgressQuery);
      const home = regions.find(({ region }) => region === 'us-east-1');
      assert.equal(home?.state, 'failed', 'and not removed');
      assert.match(home.reason ?? '', /not allowed; AMIs in us-east-1 may be public/);
      const others = regions.filter(({ region }) => region !== 'us-east-1');
      // Their AMIs cannot be public, but EC2 did not show that they are gone.
      assert(
        others.every(({ state }) => state === 'failed'),
        JSON.stringify(others),
      );
      assert(
        others.every(({ reason }) => reason === 'cancelled; left behind: AMIs: not allowed'),
        JSON.stringify(others),
      );
    });
  });

  it('that comes a second time does not stop the clean-up of the first', async () => {
    const { opened, open } = gate();
    let stopped = 0;
    const fake = fakeActivities({
      runTest: untilCancelled,
      undoRegion: async ({ steps }) => {
        const beat = setInterval(heartbeat, 100);
        await Promise.race([opened, cancelled().catch(() => (stopped += 1))]);
        clearInterval(beat);
        return { removed: [...steps], kept: [], left: [] };
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the test', () => fake.calls.includes('runTest'));
      await handle.cancel();
      await until('the clean-up', () => fake.calls.includes(HOME));
      await handle.cancel();
      // A heartbeat would deliver the cancellation to the clean-up.
      await twoHeartbeats(handle, 'undoRegion');
      open();
      await assertCancelled(handle);
    });
    assert.equal(stopped, 0);
    assert.equal(fake.count(HOME), 1);
  });

  it('during the clean-up of a failure stops no clean-up, and the failure keeps its reason', async () => {
    const { opened, open } = gate();
    const fake = fakeActivities({
      runTest: () => Promise.reject(finalFailure('exited with status 3', {}, EC2_TEST_EXCEPTION)),
      undoRegion: async ({ steps }) => {
        await opened;
        return { removed: [...steps], kept: [], left: [] };
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the clean-up', () => fake.calls.includes(HOME));
      await handle.cancel();
      await until('the request', async () => (await events(handle, CANCELS)) === 1);
      open();
      await assert.rejects(handle.result(), (error) => {
        assert(error instanceof WorkflowFailedError, String(error));
        assert(error.cause instanceof ApplicationFailure, String(error.cause));
        return /status 3/.test(error.cause.message);
      });
    });
    assert.equal(fake.count(HOME), 1);
  });

  it('during an outage ends the run as cancelled, not as failed by the outage', async () => {
    const { opened, open } = gate();
    const fake = fakeActivities({
      registerImages: async () => {
        await opened;
        throw ApplicationFailure.create({ type: EC2_SERVICE_EXCEPTION, message: 'ECONNRESET' });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the act', () => fake.calls.includes('registerImages us-east-1'));
      await handle.cancel();
      await until('the requests', async () => (await events(handle, ACT_CANCELS)) === 2);
      open();
      await assertCancelled(handle);
    });
    assert.equal(fake.count(HOME), 1);
  });

  it('at the very end still terminates the test instance', async () => {
    const { opened, open } = gate();
    let ended = false;
    const fake = fakeActivities({
      terminateInstance: async ({ instanceId }) => {
        if (!instanceId.startsWith('i-test')) return;
        const beat = setInterval(heartbeat, 100);
        await Promise.race([cancelled(), opened.then(() => (ended = true))]);
        clearInterval(beat);
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('all is public', () => fake.count('publishRegion sa-east-1') === 1);
      await handle.cancel();
      await until('the request', async () => (await events(handle, CANCELS)) === 1);
      // A heartbeat would deliver the cancellation to the termination.
      await twoHeartbeats(handle, 'terminateInstance');
      open();
      await handle.result().catch(() => undefined);
    });
    assert(ended, 'the instance was left to its own timer');
  });
});

/** Resolves when Temporal has recorded two more heartbeats of the activity, or when the activity has ended. */
async function twoHeartbeats(handle: WorkflowHandle, activity: string): Promise<void> {
  const pending = async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity);
  };
  const times = new Set<string>();
  // The first one may be older than this call.
  await until(`heartbeats of ${activity}`, async () => {
    const one = await pending();
    const at = one?.lastHeartbeatTime;
    if (at) times.add(`${String(at.seconds)}.${at.nanos}`);
    return one === undefined || times.size > 2;
  });
}

/** EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED and EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED. */
const CANCELS = 20;
const ACT_CANCELS = 15;

async function events(handle: WorkflowHandle, type: number): Promise<number> {
  const { events: all } = await handle.fetchHistory();
  return (all ?? []).filter(({ eventType }) => Number(eventType) === type).length;
}
