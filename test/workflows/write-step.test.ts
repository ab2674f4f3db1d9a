import assert from 'node:assert/strict';
import { activityInfo } from '@temporalio/activity';
import type { Activities } from '../../src/activities/activities.js';
import { imageProgressQuery } from '../../src/contract.js';
import type { ImageProgress } from '../../src/model/progress/progress.js';
import { failureOf } from '../support/expectations.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { fakeActivities, finalFailure } from '../support/fake-activities.js';
import { somePlan, someRequest, withInstance } from '../support/images.js';
import { withWorker } from '../support/workflow-worker.js';

describe('publishImage', () => {
  const directly: Partial<Activities> = {
    planImage: ({ request, workflowId, runId }) => {
      const { utility, ...plan } = somePlan(request, { workflowId, runId });
      assert(utility, 'no utility');
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
      assert(
        result.amis.some(({ snapshot }) => snapshot === 'snap-home'),
        JSON.stringify(result.amis),
      );
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
    assert(
      undone > 0 && undone < fake.calls.lastIndexOf('launchUtilityInstance us-east-1'),
      String(undone),
    );
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
      assert(
        result.amis.every(({ snapshot }) => snapshot !== 'snap-home'),
        JSON.stringify(result.amis),
      );
    });
    assert.deepEqual(volumes, ['vol-0', 'vol-1']);
  });
});
