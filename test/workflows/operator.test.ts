import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { cancelled, heartbeat } from '@temporalio/activity';
import type { Activities } from '../../src/activities/activities.js';
import type { OperatorAnswer } from '../../src/contract.js';
import {
  approveUpdate,
  cancelNoteSignal,
  imageProgressQuery,
  pauseUpdate,
  PUBLISH_IMAGE_WORKFLOW,
  resumeUpdate,
  retryRegionsUpdate,
  skipRegionsUpdate,
} from '../../src/contract.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { ImageProgress, ImageResult } from '../../src/model/progress/progress.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { someRegion, somePlan, someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';

type Handle = WorkflowHandle<() => Promise<ImageResult>>;

const BY = { by: 'ann@desk' };
const SICK = 'sa-east-1';
/** Longer than any test: the operator comes in time. */
const PATIENT: Partial<ImagePlan> = { operatorPatienceMs: 600_000 };

function planned(overrides: Partial<ImagePlan>): Pick<Activities, 'planImage'> {
  return {
    planImage: ({ request, workflowId, runId }) =>
      Promise.resolve(somePlan(request, { workflowId, runId }, overrides)),
  };
}

/** Copies to the sick region fail until the test has repaired it. */
function sickRegion(overrides: Partial<ImagePlan> = PATIENT): {
  readonly fake: FakeActivities;
  readonly repair: () => void;
} {
  let isSick = true;
  const fake = fakeActivities({
    ...planned(overrides),
    copyToRegion: ({ regionPlan }) =>
      isSick && regionPlan.regionName === SICK
        ? Promise.reject(finalFailure('the quota is used up'))
        : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
  });
  return { fake, repair: () => (isSick = false) };
}

async function progressOf(handle: Handle): Promise<ImageProgress> {
  return handle.query(imageProgressQuery);
}

async function copiesOf(handle: Handle): Promise<number> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'copyToRegion',
  ).length;
}

async function stateOf(handle: Handle, regionName: string): Promise<string | undefined> {
  const { regions } = await progressOf(handle);
  return regions.find(({ region }) => region === regionName)?.state;
}

function untilState(handle: Handle, regionName: string, state: string): Promise<void> {
  return until(`${regionName} is ${state}`, async () => {
    try {
      return (await stateOf(handle, regionName)) === state;
    } catch {
      // Its first task is not done yet.
      return false;
    }
  });
}

async function refused(update: Promise<OperatorAnswer>, reason: RegExp): Promise<void> {
  await assert.rejects(update, (error) => {
    assert(error instanceof WorkflowUpdateFailedError, String(error));
    assert.match(error.cause?.message ?? '', reason);
    return true;
  });
}

const retry = (handle: Handle, ...regions: string[]) =>
  handle.executeUpdate(retryRegionsUpdate, { args: [{ ...BY, regions }] });
const skip = (handle: Handle, ...regions: string[]) =>
  handle.executeUpdate(skipRegionsUpdate, { args: [{ ...BY, reason: 'EC2 is down', regions }] });

describe('a region that fails while its image is under way', () => {
  it('is published after its cause is removed and the operator retries it; the others did not wait for it', async () => {
    const { fake, repair } = sickRegion();
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, 'eu-west-1', 'published');
      assert.equal(await stateOf(handle, SICK), 'waiting-for-operator');
      assert.equal(fake.count(`undoRegion ${SICK}`), 0, 'its copy is not undone meanwhile');
      repair();
      assert.deepEqual(await retry(handle, SICK), { changed: true });
      const result = await handle.result();
      assert.equal(result.outcome, 'published');
      assert.deepEqual(
        result.acts?.map(({ action, by, regions }) => [action, by, regions]),
        [['retry', 'ann@desk', [SICK]]],
      );
    });
    assert.equal(fake.count(`publishRegion ${SICK}`), 1);
    assert.equal(fake.count('writeImage'), 1);
    assert.equal(fake.count('runTest'), 1);
  });

  it('waits again when it fails again, and is left out when its time is over', async () => {
    const { fake } = sickRegion({ operatorPatienceMs: 1_500 });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      await retry(handle, SICK);
      const result = await handle.result();
      assert.equal(result.outcome, 'partly-published');
      assert.deepEqual(
        result.failedRegions.map(({ region, reason }) => [region, reason]),
        [[SICK, 'the quota is used up']],
      );
    });
    assert.equal(fake.count(`copyToRegion ${SICK}`), 2);
    assert.equal(fake.count(`undoRegion ${SICK}`), 1);
  });

  it('is left out at once when the operator skips it, and the record has who and why', async () => {
    const { fake } = sickRegion();
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      await skip(handle, SICK);
      const { failedRegions, outcome } = await handle.result();
      assert.equal(outcome, 'partly-published');
      assert.equal(failedRegions[0]?.reason, 'skipped by ann@desk: EC2 is down');
    });
    assert.equal(fake.count(`undoRegion ${SICK}`), 1);
  });

  it('is not announced as failed while it waits', async () => {
    const { fake, repair } = sickRegion();
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      repair();
      await retry(handle, SICK);
      await handle.result();
    });
    assert(!fake.announced.some(({ body }) => body['status'] === 'failed'));
  });

  it('holds all regions when it is a required one, and the image fails only when its time is over', async () => {
    const copies = ['eu-west-1', SICK].map((name) => someRegion(name, { required: name === SICK }));
    const { fake } = sickRegion({ copies, operatorPatienceMs: 1_000 });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      await refused(skip(handle, SICK), /is a required region/);
      assert(!fake.calls.some((call) => call.startsWith('publishRegion')));
      await assert.rejects(handle.result(), /Workflow execution failed/);
    });
    assert(!fake.calls.some((call) => call.startsWith('publishRegion')));
  });

  it('is published with the others when it is a required one that the operator retries', async () => {
    const copies = ['eu-west-1', SICK].map((name) => someRegion(name, { required: name === SICK }));
    const { fake, repair } = sickRegion({ ...PATIENT, copies });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      repair();
      await retry(handle, SICK);
      assert.equal((await handle.result()).outcome, 'published');
    });
    const order = [`publishRegion ${SICK}`, 'publishRegion us-east-1', 'publishRegion eu-west-1'];
    assert.deepEqual(
      fake.calls.filter((call) => call.startsWith('publishRegion')),
      order,
    );
  });

  it('is made public after a retry when its permissions were refused', async () => {
    let refusals = 1;
    const fake = fakeActivities({
      ...planned(PATIENT),
      publishRegion: ({ regionName }) => {
        if (regionName !== SICK || refusals === 0) return Promise.resolve();
        refusals -= 1;
        return Promise.reject(finalFailure('5 public AMIs are the quota'));
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      await retry(handle, SICK);
      assert.equal((await handle.result()).outcome, 'published');
    });
    assert.equal(fake.count(`copyToRegion ${SICK}`), 1, 'it is not copied again');
  });

  it('comes back after it was left out, once its clean-up has ended', async () => {
    const { fake, repair } = sickRegion();
    let isOpen = false;
    let copiesBefore = 0;
    let release = () => undefined as void;
    const undone = new Promise<void>((resolve) => (release = resolve));
    fake.activities.undoRegion = ({ steps }) =>
      undone.then(() => ({ removed: [...steps], kept: [], left: [] }));
    fake.activities.publishRegion = async () => {
      while (!isOpen) {
        heartbeat();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      await skip(handle, SICK);
      await untilState(handle, SICK, 'failed');
      repair();
      await retry(handle, SICK);
      // The run has handled the request: a copy that begins at once would be in its history.
      copiesBefore = await copiesOf(handle);
      release();
      isOpen = true;
      assert.equal((await handle.result()).outcome, 'published');
    });
    assert.equal(copiesBefore, 3, 'one a region: the undo would remove the new copy');
    assert.equal(fake.count(`copyToRegion ${SICK}`), 2);
  });

  it('is stopped and undone when the image is cancelled meanwhile', async () => {
    const { fake } = sickRegion();
    fake.activities.publishRegion = ({ regionName }) =>
      regionName === 'us-east-1'
        ? Promise.reject(finalFailure('public AMIs are blocked'))
        : Promise.resolve();
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, 'us-east-1', 'waiting-for-operator');
      await handle.cancel();
      await assert.rejects(handle.result(), WorkflowFailedError);
      assert.equal((await handle.describe()).status.name, 'CANCELLED');
    });
    assert.equal(fake.count(`undoRegion ${SICK}`), 1);
    assert.equal(fake.count('undoRegion us-east-1'), 1);
  });
});

describe('an operator', () => {
  it('skips a region that is too slow, and its copy is cancelled', async () => {
    const fake = fakeActivities({
      // Only the skip ends the copy.
      ...planned({ ...PATIENT, regionPatienceMs: 600_000 }),
      copyToRegion: async ({ regionPlan }) => {
        if (regionPlan.regionName === SICK) {
          const beat = setInterval(heartbeat, 100);
          await cancelled().finally(() => clearInterval(beat));
        }
        return registered(regionPlan, `snap-${regionPlan.regionName}`);
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'copying');
      await until('the copy', () => fake.calls.includes(`copyToRegion ${SICK}`));
      await skip(handle, SICK);
      const { failedRegions } = await handle.result();
      assert.match(failedRegions[0]?.reason ?? '', /^skipped by ann@desk/);
    });
  });

  it('skips a region whose copy is done before it notices: the region does not become public', async () => {
    let release = () => undefined as void;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const fake = fakeActivities({
      ...planned(PATIENT),
      copyToRegion: async ({ regionPlan }) => {
        if (regionPlan.regionName === SICK) await slow;
        return registered(regionPlan, `snap-${regionPlan.regionName}`);
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'copying');
      assert.deepEqual(await skip(handle, SICK), { changed: true });
      release();
      const { outcome, failedRegions } = await handle.result();
      assert.equal(outcome, 'partly-published');
      assert.match(failedRegions[0]?.reason ?? '', /^skipped by ann@desk/);
      assert.equal(fake.count(`publishRegion ${SICK}`), 0);
      assert.equal(fake.count(`undoRegion ${SICK}`), 1);
    });
  });

  it('reads the reason when an act makes no sense', async () => {
    const { fake, repair } = sickRegion();
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, 'eu-west-1', 'published');
      await refused(retry(handle, 'eu-west-1'), /eu-west-1 is complete already/);
      await refused(retry(handle, 'mars-north-1'), /not a region of this image; its regions are/);
      await refused(skip(handle, 'us-east-1'), /us-east-1 is a required region/);
      await refused(skip(handle, 'eu-west-1'), /eu-west-1 is complete already/);
      await refused(
        handle.executeUpdate(approveUpdate, { args: [BY] }),
        /this image needs no approval/,
      );
      repair();
      await retry(handle, SICK);
      const { acts } = await handle.result();
      assert.equal(acts?.length, 1, 'refused acts leave no record');
    });
  });

  it('pauses an image before its next step, resumes it, and may say each twice', async () => {
    let release = () => undefined as void;
    const written = new Promise<void>((resolve) => (release = resolve));
    const fake = fakeActivities({
      ...planned({}),
      writeImage: () =>
        written.then(() => ({
          ...{ sha256: 'a'.repeat(64), rawSha256: 'b'.repeat(64), rawSizeBytes: 1024 },
        })),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the write', () => fake.calls.includes('writeImage'));
      const pause = () => handle.executeUpdate(pauseUpdate, { args: [BY] });
      assert.deepEqual([await pause(), await pause()], [{ changed: true }, { changed: false }]);
      release();
      await until('the hold', async () => (await progressOf(handle)).hold !== undefined);
      const { hold } = await progressOf(handle);
      assert.deepEqual([hold?.for, hold?.before], ['resume', 'register']);
      assert.equal(fake.count('registerImages us-east-1'), 0);
      const resume = () => handle.executeUpdate(resumeUpdate, { args: [BY] });
      assert.deepEqual([await resume(), await resume()], [{ changed: true }, { changed: false }]);
      const { acts, outcome } = await handle.result();
      assert.equal(outcome, 'published');
      assert.deepEqual(
        acts?.map(({ action }) => action),
        ['pause', 'resume'],
      );
    });
  });

  it('cancels a paused image; its record has who and why', async () => {
    const fake = fakeActivities(planned({}));
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await handle.executeUpdate(pauseUpdate, { args: [BY] });
      await until('the hold', async () => (await progressOf(handle)).hold !== undefined);
      await handle.signal(cancelNoteSignal, { ...BY, reason: 'a wrong build' });
      await handle.cancel();
      await assert.rejects(handle.result());
      assert.equal((await handle.describe()).status.name, 'CANCELLED');
      const { acts } = await progressOf(handle);
      assert.deepEqual(acts?.at(-1)?.reason, 'a wrong build');
    });
  });

  it('may act on an image that has just been started, and whose first step has not begun', async () => {
    const fake = fakeActivities(planned({}));
    await withWorker(fake.activities, async ({ client, taskQueue }) => {
      // Its signal comes to the worker together with the start.
      const handle = await client.workflow.signalWithStart(PUBLISH_IMAGE_WORKFLOW, {
        taskQueue,
        workflowId: `image/${randomUUID()}/Cloud_Base/x86_64`,
        args: [{ request: someRequest() }],
        signal: cancelNoteSignal,
        signalArgs: [BY],
      });
      const { acts } = (await handle.result()) as ImageResult;
      assert.deepEqual(
        acts?.map(({ action, by }) => [action, by]),
        [['cancel', BY.by]],
      );
    });
  });

  for (const [approval, made, waiting] of [
    ['before-copy', 'runTest', 'copyToRegion eu-west-1'],
    ['before-publish', 'copyToRegion eu-west-1', 'publishRegion us-east-1'],
  ] as const) {
    it(`approves an image that waits ${approval.replace('-', ' ')}`, async () => {
      const fake = fakeActivities(planned({ approval }));
      await withWorker(fake.activities, async ({ startImage }) => {
        const handle = await startImage(someRequest());
        await until('the hold', async () => {
          try {
            return (await progressOf(handle)).hold?.for === 'approval';
          } catch {
            return false;
          }
        });
        assert.equal(fake.count(made), 1);
        assert.equal(fake.count(waiting), 0);
        const approve = () => handle.executeUpdate(approveUpdate, { args: [BY] });
        assert.deepEqual(await approve(), { changed: true });
        const { acts, outcome } = await handle.result();
        assert.equal(outcome, 'published');
        assert.deepEqual(acts?.[0]?.action, 'approve');
      });
      assert.equal(fake.count(waiting), 1);
    });
  }

  it('cannot approve an image before it waits for that', async () => {
    let release = () => undefined as void;
    const tested = new Promise<void>((resolve) => (release = resolve));
    const fake = fakeActivities({
      ...planned({ approval: 'before-copy' }),
      registerImages: ({ regionPlan, snapshot }) =>
        tested.then(() => registered(regionPlan, snapshot)),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the registration', () => fake.calls.includes('registerImages us-east-1'));
      const approve = handle.executeUpdate(approveUpdate, { args: [BY] });
      await refused(
        approve,
        /does not wait for its approval yet: it will wait before the step copy/,
      );
      release();
      await until('the hold', async () => (await progressOf(handle)).hold !== undefined);
      await handle.executeUpdate(approveUpdate, { args: [BY] });
      await handle.result();
    });
  });
});

describe('an image that an earlier run published in part', () => {
  const source = { regionName: 'us-east-1', snapshot: 'snap-old', rawSha256: 'b'.repeat(64) };
  const passed = {
    ...{ variant: 'hvm-standard', ami: 'ami-old', instanceId: 'i-old', exitStatus: 0 },
    ...{ seconds: 3, output: '' },
  };

  function published(...regionNames: string[]) {
    return regionNames.flatMap((name) => registered(someRegion(name), `snap-${name}`));
  }

  it('gets its missing regions from the tested snapshot, without a new write or test', async () => {
    const fake = fakeActivities(
      planned({
        published: published('us-east-1', 'eu-west-1', 'ap-south-1'),
        completion: { source, tests: [passed], regions: [SICK] },
      }),
    );
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      const result = await handle.result();
      assert.equal(result.outcome, 'published');
      assert.equal(result.rawSha256, source.rawSha256);
      assert(result.amis.every((ami) => ami.public && ami.ami !== null));
      assert.deepEqual(result.tests, [passed]);
      const { steps } = await progressOf(handle);
      assert.equal(steps.write.state, 'skipped');
      assert.equal(steps.copy.state, 'done');
    });
    const made = fake.calls.filter((call) => !call.startsWith('announce'));
    const acts = [`copyToRegion ${SICK}`, `publishRegion ${SICK}`];
    assert.deepEqual(made, ['planImage', ...acts, 'removeSurplus']);
  });

  it('keeps what is published when a region fails again', async () => {
    const fake = fakeActivities({
      ...planned({
        published: published('us-east-1', 'eu-west-1', 'ap-south-1'),
        completion: { source, tests: [passed], regions: [SICK] },
      }),
      copyToRegion: () => Promise.reject(finalFailure('the quota is used up')),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'partly-published');
      assert.equal(result.amis.filter(({ ami }) => ami !== null).length, 3 * 4);
    });
    assert.deepEqual(
      fake.calls.filter((call) => call.startsWith('undoRegion')),
      [`undoRegion ${SICK}`],
    );
  });

  it('gets the AMIs that its home region lacks, too', async () => {
    const fake = fakeActivities(
      planned({
        published: published('us-east-1').slice(0, 2),
        copies: [],
        completion: { source, tests: [passed], regions: ['us-east-1'] },
      }),
    );
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'published');
    });
    assert.equal(fake.count('registerImages us-east-1'), 1);
    assert.equal(fake.count('publishRegion us-east-1'), 1);
    assert.equal(fake.count('writeImage'), 0);
  });
});
