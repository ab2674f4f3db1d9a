import assert from 'node:assert/strict';
import { DeregisterImageCommand, DescribeImagesCommand } from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import {
  TWO_REGIONS,
  copy,
  effectsOf,
  launch,
  planOf,
  publish,
  register,
  snapshotOf,
} from '../support/planned.js';
import { until } from '../support/until.js';
import { detailsOf, retried } from './refused-acts.js';

/** The next one is made, its answer is lost, and it is not listed for a while. */
function lostAndListedLate(action: string): Parameters<ActivityLevel['setFaults']>[0] {
  return [
    { action, kind: 'not-found', forMs: 300 },
    { action, kind: 'lost-answer' },
  ];
}

/** The next AMI is made, its answer is lost, and it is listed, but without its tags for a while. */
function lostAndUntagged(forMs: number): Parameters<ActivityLevel['setFaults']>[0] {
  const action = 'RegisterImage';
  return [
    { action, kind: 'stale-tags', forMs },
    { action, kind: 'lost-answer' },
  ];
}

describe('a resource that EC2 does not list yet', () => {
  it('is waited for: an instance that is not found at first is neither leaked nor launched twice', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      await level.setFaults([{ action: 'RunInstances', kind: 'not-found', forMs: 350 }]);
      const [first, zombie, retry] = await Promise.all([
        launch(level.activities, plan),
        launch(level.activities, plan),
        launch(level.again, plan),
      ]);
      assert.deepEqual(first, zombie);
      assert.deepEqual(first, retry);
      assert.equal((await level.resources('instance')).length, 1);
    });
  });

  it('is found by its name when the answer was lost and its name is said to be taken', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults(lostAndListedLate('RegisterImage'));
      await retried(() => register(level.again, plan, source));
      assert.equal((await level.resources('image')).length, 4);
    });
  });

  it('is found by its name, too, when EC2 lists the AMI before its tags', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults(lostAndUntagged(400));
      await retried(() => register(level.again, plan, source));
      assert.equal((await level.resources('image')).length, 4);
    });
  });

  it('is copied once though the answer was lost and the copy is listed late', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults(lostAndListedLate('CopySnapshot'));
      await retried(() => copy(level.again, plan, source));
      const copies = (await level.resources('snapshot')).filter(
        ({ region }) => region === 'eu-west-1',
      );
      assert.equal(copies.length, 1);
    });
  });

  it('is destroyed all the same: a volume that its deletion did not find, and that would be paid for from then on', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const utility = await launch(level.activities, plan);
      const code = 'InvalidVolume.NotFound';
      await level.setFaults([{ action: 'DeleteVolume', kind: 'refusal', code, count: 1 }]);
      const { origin } = plan;
      await level.activities.snapshotVolume({ origin, utility, rawSha256: 'a'.repeat(64) });
      assert.equal(await level.calls('DeleteVolume'), 2);
      const volumes = (await level.resources('volume')).map(({ id }) => id);
      assert(!volumes.includes(utility.volumeId), volumes.join('\n'));
    });
  });

  it('is removed by the undo all the same, though nothing is listed at its first look', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults(lostAndListedLate('CopySnapshot'));
      await assert.rejects(copy(level.activities, plan, source));
      const { origin } = plan;
      const input = { origin, regionName: 'eu-west-1', steps: ['copy'] as const };
      const { removed } = await level.activities.undoRegion(input);
      assert.equal(removed.length, 1);
      const left = (await level.resources()).filter(({ region }) => region === 'eu-west-1');
      assert.deepEqual(left, []);
    });
  });

  it('and never will fails its region instead of being waited for without end', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults([{ action: 'CopySnapshot', kind: 'not-found', forMs: 600_000 }]);
      await assert.rejects(copy(level.activities, plan, source), (error) => {
        assert.match((error as Error).message, /snapshot snap-[0-9a-f]+ in eu-west-1 vanished/);
        return (error as ApplicationFailure).nonRetryable === true;
      });
    });
  });

  it('is registered anew when it is gone before its tags are shown', async () => {
    const settings = { visibilityMs: 3_000 };
    await withActivities({ ...TWO_REGIONS, settings }, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults(lostAndUntagged(600_000));
      await assert.rejects(register(level.activities, plan, source));
      const { ec2 } = level.aws.region(plan.homeRegion);
      const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
      const untagged = Images.filter(({ Tags = [] }) => Tags.length === 0);
      assert.equal(untagged.length, 1);
      const looks = await level.calls('DescribeImages');
      const registered = retried(() => register(level.again, plan, source));
      await until('its tags are waited for', async () => {
        return (await level.calls('DescribeImages')) > looks + plan.home.wanted.length;
      });
      await ec2.send(new DeregisterImageCommand({ ImageId: untagged[0]?.ImageId }));
      await registered;
      assert.equal((await level.resources('image')).length, 4);
    });
  });

  it('and never gets our tags has our name by mistake, which its region is told in plain words', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults(lostAndUntagged(600_000));
      await assert.rejects(register(level.activities, plan, source));
      await assert.rejects(register(level.again, plan, source), (error) => {
        assert.equal(detailsOf(error).code, 'name-taken');
        assert.match((error as Error).message, /already has the name .*, and no tag fedimg:run$/);
        return (error as ApplicationFailure).nonRetryable === true;
      });
    });
  });

  it('is not called registered before it is available', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults([{ action: 'RegisterImage', kind: 'stuck', forMs: 600, count: 0 }]);
      await register(level.activities, plan, source);
      const states = (await level.resources('image')).map(({ state }) => state);
      assert.deepEqual(states, ['available', 'available', 'available', 'available']);
    });
  });
});

describe('an AMI that became public a moment ago, and is shown as private still', () => {
  it('is neither deregistered nor left without its snapshot when the others hit the quota', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const amis = await register(level.activities, plan, source);
      await level.setFaults([
        { action: 'ModifyImageAttribute', kind: 'stale-read', forMs: 400, count: 2 },
        { action: 'ModifyImageAttribute', kind: 'quota', occurrence: 3, count: 2 },
      ]);
      await assert.rejects(publish(level.activities, plan, amis), (error) => {
        return (error as ApplicationFailure).nonRetryable === true;
      });
      const { origin, homeRegion: regionName } = plan;
      const steps = ['register', 'snapshot'] as const;
      const undone = await level.activities.undoRegion({
        origin,
        regionName,
        steps,
        mayBePublic: true,
      });
      const images = await level.resources('image');
      assert.deepEqual([images.length, undone.kept.length], [2, 2]);
      assert(
        images.every((image) => image.public && undone.kept.includes(image.id)),
        JSON.stringify(images),
      );
      const snapshots = (await level.resources('snapshot')).map(({ id }) => id);
      assert(snapshots.includes(source.snapshot), snapshots.join('\n'));
    });
  });
});

describe('an AMI that EC2 lists as deregistered for a while', () => {
  it('counts as gone: the undo does not remove it again, its name is free, and no run reports it', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const amis = await register(level.activities, plan, source);
      await publish(level.activities, plan, amis);
      await level.setFaults([
        { action: 'DeregisterImage', kind: 'late-end', forMs: 3_600_000, count: 0 },
      ]);
      const { ec2 } = level.aws.region(plan.homeRegion);
      for (const { ami } of amis) await ec2.send(new DeregisterImageCommand({ ImageId: ami }));
      const again = { request: level.request, workflowId: 'image/two', runId: 'run-two' };
      const { published } = await level.activities.planImage(again);
      assert.equal(published, undefined, 'it is neither published nor are its names taken');
      const { origin, homeRegion: regionName } = plan;
      const steps = ['register', 'snapshot'] as const;
      const { removed, kept } = await level.activities.undoRegion({ origin, regionName, steps });
      assert.deepEqual([removed, kept], [[source.snapshot], []]);
      const input = { deployment: 'test', regionName, graceMs: 0, straysMax: 10 };
      const { strays, keptCount } = await level.activities.findStrays(input);
      assert.deepEqual([strays, keptCount], [[], 0]);
    });
  });
});

describe('a look-up', () => {
  it('of AMIs and snapshots names an owner or an id, so that a stranger cannot plant one under our name', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const amis = await register(level.activities, plan, source);
      await copy(level.activities, plan, source);
      await publish(level.activities, plan, amis);
      const { origin, homeRegion: regionName } = plan;
      await level.activities.undoRegion({ origin, regionName, steps: ['register', 'snapshot'] });
      const calls = await effectsOf(level);
      const looks = calls.filter(({ action }) => /^Describe(Images|Snapshots)$/.test(action));
      assert(looks.length > 5, String(looks.length));
      for (const { request } of looks) {
        const text = JSON.stringify(request);
        assert.match(text, /"self"|"amazon"|"image-id"/, text);
      }
    });
  });
});
