import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import type {
  SnapshotSource,
  UtilityInstance,
  WrittenImage,
} from '../../src/activities/shapes/image.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { StepTag } from '../../src/model/ids/tags.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import { copy, launch, planOf, register, snapshotOf, TWO_REGIONS } from '../support/planned.js';

async function write(
  level: ActivityLevel,
  planned: ImagePlan,
  utility: UtilityInstance,
): Promise<WrittenImage> {
  const { origin, url, sha256, rawSizeBytes, compressedSizeBytes } = planned;
  const input = { origin, utility, url, sha256, rawSizeBytes, compressedSizeBytes };
  return level.activities.writeImage({ ...input, minRateBytesPerSecond: 0 });
}

async function snapshot(level: ActivityLevel, planned: ImagePlan): Promise<SnapshotSource> {
  const utility = await launch(level.activities, planned);
  const { rawSha256 } = await write(level, planned, utility);
  return level.activities.snapshotVolume({ origin: planned.origin, utility, rawSha256 });
}

function undo(level: ActivityLevel, planned: ImagePlan, regionName: string, steps: StepTag[]) {
  return level.activities.undoRegion({ origin: planned.origin, regionName, steps });
}

describe('an activity that is run twice', () => {
  it('makes one utility instance, one write, one snapshot, four AMIs, one copy', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      const [first, second] = [
        await launch(level.activities, planned),
        await launch(level.activities, planned),
      ];
      assert.deepEqual(first, second);
      const written = await write(level, planned, first);
      assert.equal(written.rawSha256, level.image.rawSha256);
      assert.deepEqual(await write(level, planned, first), written);
      const path = new URL(level.image.url).pathname;
      assert(level.server.requests(path).bytes < level.image.sizeBytes * 1.9, 'downloaded once');
      const input = { origin: planned.origin, utility: first, rawSha256: written.rawSha256 };
      const source = await level.activities.snapshotVolume(input);
      assert.deepEqual(await level.activities.snapshotVolume(input), source);
      assert.deepEqual(
        await register(level.activities, planned, source),
        await register(level.activities, planned, source),
      );
      assert.deepEqual(
        await copy(level.activities, planned, source),
        await copy(level.activities, planned, source),
      );
      assert.equal((await level.resources('instance')).length, 1);
      assert.equal((await level.resources('snapshot')).length, 2);
      assert.equal((await level.resources('image')).length, 8);
    });
  });

  it('removes a failed snapshot whose attempt ended before it saw the failure', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      const utility = await launch(level.activities, planned);
      const { rawSha256 } = await write(level, planned, utility);
      await level.setFaults([{ action: 'CreateSnapshot', kind: 'fails-later', count: 1 }]);
      const input = { origin: planned.origin, utility, rawSha256 };
      await assert.rejects(level.activities.snapshotVolume(input), /snap-\S+.* failed:/);
      const { snapshot: made } = await level.again.snapshotVolume(input);
      const all = await level.resources('snapshot');
      assert.deepEqual(
        all.map(({ id }) => id),
        [made],
      );
    });
  });

  it('finds what it made though the answer was lost', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      await level.setFaults(
        ['RunInstances', 'CreateSnapshot', 'RegisterImage', 'CopySnapshot'].map((action) => ({
          action,
          kind: 'lost-answer',
          count: 1,
        })),
      );
      const retried = async <T>(act: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await act();
          } catch (error) {
            assert.equal((error as ApplicationFailure).nonRetryable, false, String(error));
          }
        }
      };
      const utility = await retried(() => launch(level.activities, planned));
      const { rawSha256 } = await retried(() => write(level, planned, utility));
      const input = { origin: planned.origin, utility, rawSha256 };
      const source = await retried(() => level.activities.snapshotVolume(input));
      await retried(() => register(level.activities, planned, source));
      await retried(() => copy(level.activities, planned, source));
      assert.equal((await level.resources('instance')).length, 1);
      assert.equal((await level.resources('snapshot')).length, 2);
      assert.equal((await level.resources('image')).length, 8);
    });
  });

  it('removes everything when it is undone after any step', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      const source = await snapshot(level, planned);
      const home = await register(level.activities, planned, source);
      const copied = await copy(level.activities, planned, source);
      const there = await undo(level, planned, 'eu-west-1', ['copy']);
      assert.deepEqual(there.left, []);
      assert(
        copied.every(({ ami }) => there.removed.includes(ami)),
        JSON.stringify(copied),
      );
      const here = await undo(level, planned, 'us-east-1', ['register', 'snapshot', 'utility']);
      assert.deepEqual(here.left, []);
      assert(
        home.every(({ ami }) => here.removed.includes(ami)),
        JSON.stringify(home),
      );
      assert.deepEqual(await level.resources(), []);
    });
  });

  it('removes the rest when EC2 refuses to list one kind, and reports that kind', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      await launch(level.activities, planned);
      const source = await snapshotOf(level, planned);
      await register(level.activities, planned, source);
      await level.setFaults([{ action: 'DescribeVolumes', kind: 'refusal', count: 0 }]);
      const undone = await undo(level, planned, 'us-east-1', ['register', 'snapshot', 'utility']);
      assert.match(undone.left.join('\n'), /^volumes: UnauthorizedOperation.*$/);
      assert.deepEqual(await level.resources(), []);
    });
  });

  it('reports when EC2 refuses to list AMIs that may have become public', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      await level.setFaults([{ action: 'DescribeImages', kind: 'refusal', count: 0 }]);
      const { origin } = planned;
      const input = { origin, regionName: 'us-east-1', steps: ['register'] as const };
      const { unseen, left } = await level.activities.undoRegion({ ...input, mayBePublic: true });
      assert.equal(unseen, true);
      assert.match(left.join('\n'), /^AMIs: UnauthorizedOperation.*$/);
      assert.equal((await level.activities.undoRegion(input)).unseen, undefined, 'all is private');
    });
  });

  it('looks again when it is not allowed to look until its time is nearly up', async () => {
    const settings = { visibilityMs: 60_000 };
    await withActivities({ ...TWO_REGIONS, settings }, async (level) => {
      const planned = await planOf(level);
      const source = await snapshotOf(level, planned);
      await register(level.activities, planned, source);
      await level.setFaults([
        { action: 'DescribeImages', kind: 'refusal', count: 0, lastsMs: 63_000 },
      ]);
      const undone = await undo(level, planned, 'us-east-1', ['register', 'snapshot', 'utility']);
      assert.deepEqual(undone.left, []);
      assert.deepEqual(await level.resources(), []);
    });
  });

  it('keeps the resources of other runs and deployments when it undoes', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      const utility = await launch(level.activities, planned);
      for (const foreign of [
        { runId: 'run-two' },
        { deployment: 'staging' },
        { workflowId: 'x' },
      ]) {
        const origin = { ...planned.origin, ...foreign };
        await undo(level, { ...planned, origin }, 'us-east-1', ['register', 'snapshot', 'utility']);
      }
      const alive = await level.resources('instance');
      assert.deepEqual(
        alive.map(({ id }) => id),
        [utility.instanceId],
      );
    });
  });
});

describe('the gate', () => {
  it('keeps AMIs private whose tags do not have the tested hash', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      const source = await snapshotOf(level, planned);
      const amis = await register(level.activities, planned, source);
      const input = {
        origin: planned.origin,
        regionName: 'us-east-1',
        amis,
        variantsToTest: planned.test.variants,
        tests: ['hvm-standard', 'paravirtual-standard'].map((variant) => ({
          variant,
          exitStatus: 0,
        })),
      };
      await assert.rejects(
        level.activities.publishRegion({ ...input, tests: [], rawSha256: source.rawSha256 }),
        /no test has passed of hvm-standard/,
      );
      const [first, ...others] = input.tests;
      const isHvm = ({ virt }: { virt: string }) => virt === 'hvm';
      const onlyHvm = {
        ...input,
        tests: [first],
        variantsToTest: input.variantsToTest.filter(isHvm),
      };
      assert.equal(others.length, 1);
      await assert.rejects(
        level.activities.publishRegion({
          ...onlyHvm,
          rawSha256: source.rawSha256,
        } as typeof input & {
          rawSha256: string;
        }),
        /no test has passed of paravirtual-standard, paravirtual-gp2/,
      );
      await assert.rejects(
        level.activities.publishRegion({ ...input, rawSha256: 'f'.repeat(64) }),
        /with the tags of this image and the tested hash/,
      );
      assert(
        (await level.resources()).every((resource) => !resource.public),
        'a resource is public',
      );
      await level.activities.publishRegion({ ...input, rawSha256: source.rawSha256 });
      const again = { request: level.request, workflowId: 'image/again', runId: 'again' };
      assert.equal((await level.activities.planImage(again)).published?.length, 4);
      const image = { ...level.request.image, sha256: 'e'.repeat(64) };
      await assert.rejects(
        level.activities.planImage({ ...again, request: { ...level.request, image } }),
        /has this name \(public\) and other bytes/,
      );
      const kept = await undo(level, planned, 'us-east-1', ['register', 'snapshot', 'utility']);
      assert.deepEqual([...kept.kept].sort(), amis.map(({ ami }) => ami).sort());
      const alive = await level.resources();
      assert.equal(alive.filter(({ type }) => type === 'image').length, 4, 'what is public stays');
      assert.equal(alive.filter(({ type }) => type === 'snapshot').length, 1);
      assert.equal(alive.filter(({ type }) => type === 'instance').length, 0);
    });
  });

  it('never adopts another image of the same name', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const planned = await planOf(level);
      const source = await snapshotOf(level, planned);
      await register(level.activities, planned, source);
      const other = { ...planned, origin: { ...planned.origin, workflowId: 'image/two' } };
      await assert.rejects(register(level.activities, other, source), (error) => {
        const failure = error as ApplicationFailure;
        assert.match(failure.message, /already has the name .*, with tag fedimg:workflow/);
        return failure.nonRetryable === true;
      });
    });
  });
});
