import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cancelled, heartbeat } from '@temporalio/activity';
import {
  PUBLISH_IMAGE_WORKFLOW,
  approveUpdate,
  cancelNoteSignal,
  pauseUpdate,
  resumeUpdate,
} from '../../src/contract.js';
import type { ImageResult } from '../../src/model/progress/progress.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { someRegion, someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';
import {
  BY,
  PATIENT,
  SICK,
  planned,
  progressOf,
  refused,
  retry,
  sickRegion,
  skip,
  untilState,
} from './operator-hands.js';

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
      assert(
        result.amis.every((ami) => ami.public && ami.ami !== null),
        JSON.stringify(result.amis),
      );
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
