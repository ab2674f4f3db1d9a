import assert from 'node:assert/strict';
import type { RunEnding } from '../../src/activities/attempt/context.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import { planOf, publish, register, snapshotOf, TWO_REGIONS } from '../support/planned.js';

async function publishWhile(level: ActivityLevel, ending: RunEnding | undefined): Promise<void> {
  const plan = await planOf(level);
  const amis = await register(level.activities, plan, await snapshotOf(level, plan));
  level.runs.endingOf = () => Promise.resolve(ending);
  await publish(level.activities, plan, amis);
}

async function permissions(level: ActivityLevel): Promise<number> {
  const calls = ['ModifySnapshotAttribute', 'ModifyImageAttribute'].map((action) =>
    level.calls(action),
  );
  return (await Promise.all(calls)).reduce((sum, count) => sum + count, 0);
}

describe('an attempt to publish that begins late', () => {
  it('makes nothing public when Temporal has accepted a cancel that no worker has handled yet', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      await assert.rejects(publishWhile(level, 'cancelled'), (failure: Error) => {
        // A final failure would end the run as failed, and not as cancelled.
        assert.equal((failure as { nonRetryable?: boolean }).nonRetryable, false);
        return /stay private: the run is to be cancelled/.test(failure.message);
      });
      assert.equal(await permissions(level), 0);
    });
  });

  it('makes nothing public when its run was terminated', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      await assert.rejects(publishWhile(level, 'closed'), /stay private: the run is closed/);
      assert.equal(await permissions(level), 0);
    });
  });

  it('publishes while its run goes on', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      await publishWhile(level, undefined);
      assert((await permissions(level)) > 0, 'no permission was given');
    });
  });
});
