import assert from 'node:assert/strict';
import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import type { SnapshotSource } from '../../../src/activities/shapes/image.js';
import type { FailureDetails } from '../../../src/model/errors.js';
import type { ImagePlan, RegisteredAmi } from '../../../src/model/plan/plan.js';
import { variantKey } from '../../../src/model/ids/variant.js';
import type { ActivityLevel } from '../../support/activity-level.js';
import { withActivities } from '../../support/activity-level.js';
import { copy, planOf, publish, register, snapshotOf, TWO_REGIONS } from '../../support/planned.js';

const LATER = { workflowId: 'image/one', runId: 'run-two' };

const BOTH = ['hvm-standard', 'paravirtual-standard'];

/** As the tests of the home region leave it. */
async function notePassedTest(
  level: ActivityLevel,
  source: SnapshotSource,
  variants: readonly string[] = BOTH,
): Promise<void> {
  const Tags = variants.map((name) => ({ Key: `fedimg:passed:${name}`, Value: 'ami-1 i-1 12' }));
  const command = new CreateTagsCommand({ Resources: [source.snapshot], Tags });
  await level.aws.region('us-east-1').ec2.send(command);
}

function planAgain({ activities, request }: ActivityLevel, only?: string[]): Promise<ImagePlan> {
  const complete = only === undefined ? {} : { complete: { of: 'run-one', regions: only } };
  return activities.planImage({ request, ...LATER, ...complete });
}

const ids = (amis: readonly RegisteredAmi[]) => amis.map(({ ami }) => ami).sort();

describe('an image whose earlier run left a region out', () => {
  it('gets the region from the snapshot that was tested, with the evidence of that test', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await publish(level.activities, plan, await register(level.activities, plan, source));
      await notePassedTest(level, source);
      const again = await planAgain(level);
      assert.deepEqual(again.completion?.source, source);
      assert.deepEqual(again.completion.regions, ['eu-west-1']);
      assert.deepEqual(
        again.completion.tests.map(({ variant, exitStatus, seconds }) => [
          variant,
          exitStatus,
          seconds,
        ]),
        BOTH.map((variant) => [variant, 0, 12]),
      );
      await publish(level.activities, again, await copy(level.activities, again, source));
      const { completion, published = [] } = await planAgain(level);
      assert.equal(completion, undefined, 'all is there');
      assert.equal(published.length, 8);
      const snapshots = await level.resources('snapshot');
      assert.equal(snapshots.length, 2);
    });
  });

  it('gets no AMIs of a virtualization type that was not tested, and stays what it is when it is published again', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const made = await register(level.activities, plan, source);
      await notePassedTest(level, source, ['hvm-standard']);
      const reason = 'i-1 found nothing to boot';
      const [pv, kept] = [true, false].map((isPv) =>
        made.filter(({ variant }) => (variant.virt === 'paravirtual') === isPv),
      ) as [RegisteredAmi[], RegisteredAmi[]];
      await level.activities.leaveOutUntested({
        regionName: 'us-east-1',
        untested: { virt: 'paravirtual', reason },
        amis: pv.map(({ ami }) => ami),
        kept: [source.snapshot, ...kept.map(({ ami }) => ami)],
      });
      assert.equal((await level.resources('image')).length, 2);
      await publish(level.activities, plan, kept);
      const again = await planAgain(level);
      assert.deepEqual(again.untested, [{ virt: 'paravirtual', reason }]);
      assert.deepEqual(again.completion?.regions, ['eu-west-1']);
      assert.deepEqual(again.test.variants.map(variantKey), ['hvm-standard']);
      const copies = await copy(level.activities, again, source);
      assert.deepEqual(
        copies.map(({ variant }) => variant.virt),
        ['hvm', 'hvm'],
      );
      await publish(level.activities, again, copies);
      const last = await planAgain(level);
      assert.deepEqual([last.completion, last.published?.length], [undefined, 4]);
      assert(
        last.home.leftOut.every((left) => left.reason === reason),
        JSON.stringify(last.home.leftOut),
      );
    });
  });

  it('gets only the regions that the operator names', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await publish(level.activities, plan, await register(level.activities, plan, source));
      await notePassedTest(level, source);
      assert.equal((await planAgain(level, ['us-east-1'])).completion, undefined);
      assert.deepEqual((await planAgain(level, ['eu-west-1'])).completion?.regions, ['eu-west-1']);
    });
  });

  it('does not get it without the evidence of a passed test', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await publish(level.activities, plan, await register(level.activities, plan, source));
      const again = await planAgain(level);
      assert.equal(again.completion, undefined);
      assert.match(again.incompletable ?? '', /no tag of a passed test of hvm-standard/);
    });
  });

  it('keeps the public AMIs of a region that is complete in part, and makes no second copy', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await publish(level.activities, plan, await register(level.activities, plan, source));
      await notePassedTest(level, source);
      const there = await copy(level.activities, plan, source);
      await publish(level.activities, plan, there.slice(0, 2));
      // As the undo of a region whose quota ended between the second AMI and the third.
      const { kept } = await level.activities.undoRegion({
        ...{ origin: plan.origin, regionName: 'eu-west-1', steps: ['copy'] },
      });
      assert.equal(kept.length, 2);
      const again = await planAgain(level);
      const completed = await copy(level.activities, again, source);
      assert.equal(completed.length, 4);
      assert(
        kept.every((id) => ids(completed).includes(id)),
        kept.join('\n'),
      );
      await publish(level.activities, again, completed);
      assert.equal(await level.calls('CopySnapshot'), 1);
      const images = await level.resources('image');
      assert(
        images.every((image) => image.public),
        JSON.stringify(images),
      );
      assert.equal(images.length, 8);
    });
  });

  it('adopts what a terminated run has copied there, and its undo removes it again', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await publish(level.activities, plan, await register(level.activities, plan, source));
      await notePassedTest(level, source);
      const there = await copy(level.activities, plan, source);
      const again = await planAgain(level);
      level.runs.stateOf = () => Promise.resolve({ state: 'open' });
      await assert.rejects(copy(level.activities, again, source), /already has the name/);
      const closed = {
        state: 'closed',
        status: 'TERMINATED',
        closedAt: undefined,
        results: [],
      } as const;
      level.runs.stateOf = () => Promise.resolve(closed);
      assert.deepEqual(ids(await copy(level.activities, again, source)), ids(there));
      assert.deepEqual(ids(await copy(level.again, again, source)), ids(there), 'twice');
      const { removed } = await level.activities.undoRegion({
        ...{ origin: again.origin, regionName: 'eu-west-1', steps: ['copy'] },
      });
      assert(
        ids(there).every((id) => removed.includes(id)),
        removed.join('\n'),
      );
    });
  });
});

describe('an image whose earlier run failed at home, behind a required region', () => {
  const lines = [...TWO_REGIONS.publish, 'required_regions = ["eu-west-1"]'];

  it('is made again, and keeps its public AMIs of the required region', async () => {
    await withActivities({ publish: lines }, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const there = await copy(level.activities, plan, source);
      await publish(level.activities, plan, there);
      const again = await planAgain(level);
      assert.equal(again.published, undefined, 'the home region is made from the beginning');
      assert.deepEqual(ids(await copy(level.activities, again, source)), ids(there));
    });
  });

  it("is refused before anything is made when another image's AMI has a name that it wants", async () => {
    await withActivities({ publish: lines }, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const there = await copy(level.activities, plan, source);
      await publish(level.activities, plan, there);
      const other = { ...level.request.image, sha256: 'e'.repeat(64) };
      await assert.rejects(
        level.activities.planImage({ request: { ...level.request, image: other }, ...LATER }),
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
      assert.deepEqual(ids([...published]), ids(home));
      assert(
        published.every(({ isPrivate }) => isPrivate),
        JSON.stringify(published),
      );
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
