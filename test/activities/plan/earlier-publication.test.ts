import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import type { FailureDetails } from '../../../src/model/errors.js';
import { withActivities } from '../../support/activity-level.js';
import { copy, planOf, publish, register, snapshotOf, TWO_REGIONS } from '../../support/planned.js';

const LATER = { workflowId: 'image/one', runId: 'run-two' };

describe('an image whose earlier run failed at home, behind a required region', () => {
  it('is refused before anything is made, with the AMI that has the name there', async () => {
    const lines = [...TWO_REGIONS.publish, 'required_regions = ["eu-west-1"]'];
    await withActivities({ publish: lines }, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const there = await copy(level.activities, plan, source);
      await publish(level.activities, plan, there);
      await assert.rejects(
        level.activities.planImage({ request: level.request, ...LATER }),
        (error) => {
          const { message, details } = error as ApplicationFailure;
          assert.match(message, /ami-\S+ in eu-west-1 already has the name .* \(public\)/);
          const { code, next } = details?.[0] as FailureDetails;
          assert.equal(code, 'name-taken');
          assert.doesNotMatch(next, /sweep/, 'no sweep takes what is public');
          return true;
        },
      );
    });
  });
});

describe('an image that is kept private', () => {
  const PRIVATE = { publish: [...TWO_REGIONS.publish, 'public = false'] };

  it('is complete for the next run, too: its compose can be signalled again', async () => {
    await withActivities(PRIVATE, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const home = await register(level.activities, plan, source);
      await level.activities.keepRegion({ regionName: plan.homeRegion, amis: home });
      const { published = [] } = await level.activities.planImage({
        request: level.request,
        ...LATER,
      });
      const ids = (amis: typeof home) => amis.map(({ ami }) => ami).sort();
      assert.deepEqual(ids([...published]), ids(home));
      assert(published.every(({ isPrivate }) => isPrivate));
    });
  });

  it('is not taken for a new build of the same name, nor is anybody sent to wait for the sweep', async () => {
    await withActivities(PRIVATE, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const amis = await register(level.activities, plan, source);
      await level.activities.keepRegion({ regionName: plan.homeRegion, amis });
      // Without a hash nothing says that these are the bytes that stand at the URL now.
      for (const sha256 of ['', 'e'.repeat(64)]) {
        const image = { ...level.request.image, sha256 };
        await assert.rejects(
          level.activities.planImage({ request: { ...level.request, image }, ...LATER }),
          (error) => {
            const { code, next } = (error as ApplicationFailure).details?.[0] as FailureDetails;
            assert.equal(code, 'name-taken');
            assert.doesNotMatch(next, /sweep/, 'no sweep takes what is complete');
            return true;
          },
        );
      }
    });
  });

  it('is not complete before it is marked so: a terminated run may have left it', async () => {
    await withActivities(PRIVATE, async (level) => {
      const plan = await planOf(level);
      await register(level.activities, plan, await snapshotOf(level, plan));
      await assert.rejects(
        level.activities.planImage({ request: level.request, ...LATER }),
        /already has the name .* \(private\)/,
      );
    });
  });
});
