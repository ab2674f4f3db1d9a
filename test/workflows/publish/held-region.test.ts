import assert from 'node:assert/strict';
import { heartbeat } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { fakeActivities, finalFailure } from '../../support/fake-activities.js';
import { someRegion, someRequest } from '../../support/images.js';
import { withWorker } from '../../support/workflow-worker.js';
import {
  PATIENT,
  SICK,
  copiesOf,
  planned,
  refused,
  retry,
  sickRegion,
  skip,
  stateOf,
  untilState,
} from '../operator-hands.js';

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
    assert(
      !fake.announced.some(({ body }) => body['status'] === 'failed'),
      JSON.stringify(fake.announced),
    );
  });

  it('holds all regions when it is a required one, and the image fails only when its time is over', async () => {
    const copies = ['eu-west-1', SICK].map((name) => someRegion(name, { required: name === SICK }));
    const { fake } = sickRegion({ copies, operatorPatienceMs: 1_000 });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await untilState(handle, SICK, 'waiting-for-operator');
      await refused(skip(handle, SICK), /is a required region/);
      assert(!fake.calls.some((call) => call.startsWith('publishRegion')), fake.calls.join('\n'));
      await assert.rejects(handle.result(), /Workflow execution failed/);
    });
    assert(!fake.calls.some((call) => call.startsWith('publishRegion')), fake.calls.join('\n'));
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
