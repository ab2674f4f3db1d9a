import assert from 'node:assert/strict';
import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import type { SnapshotSource } from '../../src/activities/shapes/image.js';
import type { FailureDetails } from '../../src/model/errors.js';
import { PASSED_PREFIX, TAG } from '../../src/model/ids/tags.js';
import type { Variant } from '../../src/model/ids/variant.js';
import { variantKey } from '../../src/model/ids/variant.js';
import type { ImagePlan, RegisteredAmi } from '../../src/model/plan/plan.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import { copy, planOf, publish, register, snapshotOf, TWO_REGIONS } from '../support/planned.js';

interface Left {
  readonly plan: ImagePlan;
  readonly source: SnapshotSource;
  readonly amis: readonly RegisteredAmi[];
}

/** As a run leaves its home region that is terminated behind the registration, or behind some or all of its tests. */
async function terminated(
  level: ActivityLevel,
  { tested }: { tested: 'all' | 'hvm' | 'none' },
): Promise<Left> {
  const plan = await planOf(level);
  const source = await snapshotOf(level, plan);
  const amis = await register(level.activities, plan, source);
  const isPassed = ({ virt }: Variant) => tested === 'all' || tested === virt;
  for (const variant of plan.test.variants.filter(isPassed)) {
    const key = `${PASSED_PREFIX}${variantKey(variant)}`;
    await tag(level, [source.snapshot], key, 'ami-1 i-1 12');
  }
  says(level, 'closed');
  return { plan, source, amis };
}

function says(level: ActivityLevel, state: 'open' | 'closed'): void {
  const closed = { state, status: 'TERMINATED', closedAt: undefined, results: [] } as const;
  level.runs.stateOf = () => Promise.resolve(state === 'open' ? { state } : closed);
}

async function tag(level: ActivityLevel, ids: readonly string[], Key: string, Value?: string) {
  const { ec2 } = level.aws.region('us-east-1');
  const Resources = [...ids];
  if (Value === undefined) await ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key }] }));
  else await ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key, Value }] }));
}

function planAgain({ activities, request }: ActivityLevel): Promise<ImagePlan> {
  return activities.planImage({ request, workflowId: 'image/one', runId: 'run-two' });
}

const ids = (amis: readonly RegisteredAmi[]) => amis.map(({ ami }) => ami).sort();

async function refusal(plan: Promise<unknown>): Promise<FailureDetails> {
  try {
    await plan;
  } catch (error) {
    return (error as ApplicationFailure).details?.[0] as FailureDetails;
  }
  throw new assert.AssertionError({ message: 'it was not refused' });
}

describe('what a terminated run left at home under the names of its image', () => {
  it('is adopted by the next run when its tests have passed: no second write, test or registration', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const { source, amis } = await terminated(level, { tested: 'all' });
      const again = await planAgain(level);
      assert.deepEqual(again.completion?.source, source);
      assert.deepEqual(again.completion.regions, ['us-east-1', 'eu-west-1']);
      const adopted = await register(level.activities, again, source);
      assert.deepEqual(ids(adopted), ids(amis));
      await publish(level.activities, again, adopted);
      await publish(level.activities, again, await copy(level.activities, again, source));
      const images = await level.resources('image');
      assert.equal(images.length, 8);
      assert(
        images.every((image) => image.public && image.tags[TAG.run] === 'run-two'),
        JSON.stringify(images),
      );
      assert.equal(await level.calls('RegisterImage'), 8);
      assert.equal(await level.calls('CreateSnapshot'), 1);
    });
  });

  for (const [what, tested] of [
    ['it was not tested', 'none'],
    ['only its HVM AMI was tested', 'hvm'],
  ] as const) {
    it(`loses its names to the next run when ${what}, and is never published`, async () => {
      await withActivities(TWO_REGIONS, async (level) => {
        const { amis, source } = await terminated(level, { tested });
        const again = await planAgain(level);
        assert.equal(again.completion, undefined, 'without the evidence of each test');
        const anew = await snapshotOf(level, again);
        const made = await register(level.activities, again, anew);
        assert(
          made.every(({ snapshot }) => snapshot === anew.snapshot),
          JSON.stringify(made),
        );
        const alive = (await level.resources('image')).map(({ id }) => id).sort();
        assert.deepEqual(alive, ids(made));
        assert(!ids(made).some((id) => ids(amis).includes(id)), ids(made).join('\n'));
        const snapshots = (await level.resources('snapshot')).map(({ id }) => id);
        assert(snapshots.includes(source.snapshot), 'the sweep knows who else uses it');
      });
    });
  }

  it('is left alone while its run is under way, and the plan names the AMI', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      await terminated(level, { tested: 'all' });
      says(level, 'open');
      const { code, next } = await refusal(planAgain(level));
      assert.equal(code, 'name-taken');
      assert.match(next, /If a run of it is under way, wait until that has closed/);
    });
  });

  it('is left alone when another installation made it, or it is kept for inspection', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const { amis } = await terminated(level, { tested: 'all' });
      await tag(level, ids(amis), TAG.keepUntil, '2099-01-01T00:00:00Z');
      assert.equal((await refusal(planAgain(level))).code, 'name-taken');
      await tag(level, ids(amis), TAG.keepUntil);
      await tag(level, ids(amis), TAG.cluster, 'another-cluster');
      assert.equal((await refusal(planAgain(level))).code, 'name-taken');
      assert.equal((await level.resources('image')).length, 4);
    });
  });
});

describe('an AMI that comes under a planned name between the plan and the copy', () => {
  const comes = async (level: ActivityLevel): Promise<[ImagePlan, SnapshotSource, string[]]> => {
    const earlier = await planOf(level);
    const source = await snapshotOf(level, earlier);
    const plan = await planAgain(level);
    assert.equal(plan.copies[0]?.namesAreFree, true);
    const made = await copy(level.activities, earlier, source);
    return [plan, source, ids(made)];
  };

  it('is adopted by the second attempt when its run is closed, and no copy is used twice', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const [plan, source, made] = await comes(level);
      says(level, 'closed');
      const { class: kind, code } = await refusal(copy(level.activities, plan, source));
      assert.deepEqual([kind, code], ['not-yet', 'name-taken']);
      assert.deepEqual(ids(await copy(level.again, plan, source)), made);
    });
  });

  it('fails the region at the second attempt when its run is under way', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const [plan, source] = await comes(level);
      says(level, 'open');
      await refusal(copy(level.activities, plan, source));
      const { class: kind, code } = await refusal(copy(level.again, plan, source));
      assert.deepEqual([kind, code], ['refused', 'name-taken']);
    });
  });
});
