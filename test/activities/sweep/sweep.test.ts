import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import type { FoundStrays, RemovedStrays } from '../../../src/activities/shapes/removal.js';
import type { RegionAccess } from '../../../src/aws/region-access.js';
import type { RunState, SweepItem } from '../../../src/model/sweep/sweep.js';
import { MANAGED_BY, RESULT_STATE, TAG } from '../../../src/model/ids/tags.js';
import type { Tags } from '../../../src/model/ids/tags.js';
import type { Effect } from '../../../src/simulator/index.js';
import type { ActivityLevel } from '../../support/activity-level.js';
import { withActivities } from '../../support/activity-level.js';
import type { Planted } from '../../support/planted.js';
import {
  attachVolume,
  makePublic,
  plantImage,
  plantInstance,
  plantRun,
  plantSnapshot,
  plantVolume,
  someAmiTags,
  someOrigin,
  startSnapshot,
  stopInstance,
} from '../../support/planted.js';

const REGION = 'us-east-1';
const INPUT = { deployment: 'test', regionName: REGION, graceMs: 0 };
const LONG_AGO = '2020-01-01T00:00:00.000Z';

const TERMINATED: RunState = {
  state: 'closed',
  status: 'TERMINATED',
  closedAt: LONG_AGO,
  results: [],
};

function completed(...results: readonly string[]): RunState {
  return { state: 'closed', status: 'COMPLETED', closedAt: LONG_AGO, results };
}

type Overrides = Partial<typeof INPUT>;

function find(level: ActivityLevel, overrides: Overrides = {}): Promise<FoundStrays> {
  return level.activities.findStrays({ ...INPUT, straysMax: 100, ...overrides });
}

function remove(
  level: ActivityLevel,
  strays: readonly SweepItem[],
  overrides: Overrides = {},
): Promise<RemovedStrays> {
  return level.activities.removeStrays({ ...INPUT, strays, ...overrides });
}

async function sweep(level: ActivityLevel, overrides: Overrides = {}): Promise<RemovedStrays> {
  const { strays } = await find(level, overrides);
  return remove(level, strays, overrides);
}

function says(level: ActivityLevel, state: RunState): void {
  level.runs.stateOf = () => Promise.resolve(state);
}

function ids(items: readonly SweepItem[]): string[] {
  return items.map(({ id }) => id).sort();
}

function all(planted: Planted): string[] {
  return Object.values(planted).sort() as string[];
}

async function alive(level: ActivityLevel): Promise<Set<string>> {
  return new Set((await level.resources()).map(({ id }) => id));
}

async function effects(level: ActivityLevel): Promise<Effect[]> {
  const response = await fetch(`${level.simulator.url}/_fedimg/effects`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Effect);
}

const CHANGES = ['TerminateInstances', 'DeleteVolume', 'DeregisterImage', 'DeleteSnapshot'];

async function changes(level: ActivityLevel): Promise<number> {
  const counts = await Promise.all(CHANGES.map((action) => level.calls(action)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function untilStates(
  level: ActivityLevel,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  for (;;) {
    const states = new Map((await level.resources()).map(({ id, state }) => [id, state]));
    if (Object.entries(wanted).every(([id, state]) => states.get(id) === state)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function withRegion(
  body: (level: ActivityLevel, ec2: RegionAccess) => Promise<void>,
): Promise<void> {
  await withActivities({}, (level) => body(level, level.aws.region(REGION)));
}

describe('a sweep of one region', () => {
  it('removes everything of a terminated run and of a run that Temporal has forgotten', async () => {
    for (const state of [TERMINATED, { state: 'unknown' } as const]) {
      await withRegion(async (level, ec2) => {
        says(level, state);
        const planted = await plantRun(ec2, someOrigin());
        await stopInstance(ec2, planted.instance);
        const { removed, left } = await sweep(level);
        assert.deepEqual(ids(removed), all(planted));
        assert.deepEqual(left, []);
        assert.deepEqual(await level.resources(), []);
      });
    }
  });

  it('keeps what another Temporal server or namespace made, and names its installation', async () => {
    await withRegion(async (level, ec2) => {
      says(level, { state: 'unknown' });
      const theirs = await plantRun(ec2, someOrigin({ cluster: 'cluster-two' }));
      await plantRun(ec2, someOrigin({ namespace: 'staging' }));
      await makePublic(ec2, theirs);
      const { strays, kept, others, unreconciled } = await find(level);
      assert.deepEqual(strays, []);
      assert.deepEqual(unreconciled, [], 'this server does not know how their runs ended');
      assert(kept.every(({ code }) => code === 'other-installation'));
      assert.match(
        kept.find(({ id }) => id === theirs.instance)?.reason ?? '',
        /deployment test on Temporal cluster cluster-two, namespace default/,
      );
      const counts = others.map(({ cluster, namespace, resources }) => [
        cluster,
        namespace,
        resources,
      ]);
      assert.deepEqual(counts.sort(), [
        ['cluster', 'staging', 4],
        ['cluster-two', 'default', 4],
      ]);
    });
  });

  it('keeps the resources of a running run, also old ones', async () => {
    await withRegion(async (level, ec2) => {
      says(level, { state: 'open' });
      const planted = await plantRun(ec2, someOrigin());
      const { strays, kept } = await find(level);
      assert.deepEqual(strays, []);
      assert.deepEqual(ids(kept.filter(({ code }) => code === 'run-open')), all(planted));
      assert.equal(await changes(level), 0);
    });
  });

  it('lets every look-alike live', async () => {
    const without = (key: string) => (tags: Tags) =>
      Object.fromEntries(Object.entries(tags).filter(([one]) => one !== key));
    const lookAlikes: Record<string, (tags: Tags) => Tags> = {
      untagged: () => ({}),
      'without managed-by': without(MANAGED_BY.key),
      'managed by somebody else': (tags) => ({ ...tags, [MANAGED_BY.key]: 'packer' }),
      'without a deployment': without(TAG.deployment),
      'of another deployment': (tags) => ({ ...tags, [TAG.deployment]: 'test2' }),
      'of a deployment in other letters': (tags) => ({ ...tags, [TAG.deployment]: 'TEST' }),
      'without a cluster': without(TAG.cluster),
      'of another Temporal cluster': (tags) => ({ ...tags, [TAG.cluster]: 'another' }),
      'without a namespace': without(TAG.namespace),
      'of another Temporal namespace': (tags) => ({ ...tags, [TAG.namespace]: 'staging' }),
      'without a workflow': without(TAG.workflow),
      'with an empty workflow': (tags) => ({ ...tags, [TAG.workflow]: '' }),
      'without a run': without(TAG.run),
      'kept until tomorrow': (tags) => ({
        ...tags,
        [TAG.keepUntil]: new Date(Date.now() + 86_400_000).toISOString(),
      }),
      'kept until a time that is not readable': (tags) => ({
        ...tags,
        [TAG.keepUntil]: 'the cows come home',
      }),
    };
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const survivors = new Map<string, Planted>();
      for (const [what, change] of Object.entries(lookAlikes)) {
        survivors.set(what, await plantRun(ec2, someOrigin(), change));
      }
      const stray = await plantRun(ec2, someOrigin());
      const { removed } = await sweep(level);
      assert.deepEqual(ids(removed), all(stray));
      const living = await alive(level);
      for (const [what, planted] of survivors) {
        for (const id of Object.values(planted) as string[])
          assert(living.has(id), `${id}, ${what}`);
      }
    });
  });

  it('leaves alone what is public: AMIs, their snapshots, and a complete snapshot that is public by itself', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const origin = someOrigin();
      const published = await plantRun(ec2, origin);
      await makePublic(ec2, published);
      const half = await plantRun(ec2, origin);
      await makePublic(ec2, { image: half.image });
      const stateless = (tags: Tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => key !== TAG.state));
      const older = await plantRun(ec2, origin, stateless);
      await makePublic(ec2, { snapshot: older.snapshot });
      const { unreconciled } = await find(level);
      await sweep(level);
      const living = await alive(level);
      for (const id of [published.image, published.snapshot, half.image, half.snapshot]) {
        assert(living.has(id), id);
      }
      assert(living.has(older.snapshot), 'it may be what a version that marked nothing published');
      assert(!living.has(older.image));
      assert.deepEqual(
        unreconciled.map(({ workflow, amis }) => [workflow, [...amis].sort()]),
        [[origin.workflowId, [published.image, half.image].sort()]],
      );
    });
  });

  it('removes a snapshot that became public without its AMI: the run was terminated between the two', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const { image, snapshot } = await plantRun(ec2, someOrigin());
      await makePublic(ec2, { snapshot });
      const { removed } = await sweep(level);
      const gone = ids(removed);
      assert(gone.includes(image) && gone.includes(snapshot), gone.join(' '));
      assert(!(await alive(level)).has(snapshot));
    });
  });

  it('keeps the private results of a successful run, known to Temporal or forgotten', async () => {
    await withRegion(async (level, ec2) => {
      const complete = (tags: Tags) => ({ ...tags, [TAG.state]: RESULT_STATE.complete });
      const marked = await plantRun(ec2, someOrigin(), complete);
      const stateless = (tags: Tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => key !== TAG.state));
      const older = await plantRun(ec2, someOrigin(), stateless);
      const listed = await plantRun(ec2, someOrigin());
      const unlisted = await plantRun(ec2, someOrigin());
      const results = [marked, older, listed].flatMap(({ image, snapshot }) => [image, snapshot]);
      says(level, completed(listed.image, listed.snapshot));
      await sweep(level);
      let living = await alive(level);
      for (const id of results) assert(living.has(id), id);
      assert(!living.has(unlisted.image), 'what a failed region of a successful run left');
      // Instances and volumes are never results.
      for (const { instance, volume } of [marked, older, listed]) {
        assert(!living.has(instance) && !living.has(volume));
      }
      says(level, { state: 'unknown' });
      await sweep(level);
      living = await alive(level);
      for (const { image, snapshot } of [marked, older]) {
        assert(living.has(image) && living.has(snapshot), image);
      }
      // Terminated after the region was complete, and before the run was over.
      says(level, TERMINATED);
      await sweep(level);
      assert((await alive(level)).has(marked.image));
      assert((await alive(level)).has(marked.snapshot));
    });
  });

  it('removes what a failed test left when its time is over, and not before', async () => {
    await withRegion(async (level, ec2) => {
      says(level, { ...TERMINATED, status: 'FAILED' });
      const until = (ms: number) => (tags: Tags) => ({
        ...tags,
        [TAG.keepUntil]: new Date(Date.now() + ms).toISOString(),
      });
      const over = await plantRun(ec2, someOrigin(), until(-1000));
      const kept = await plantRun(ec2, someOrigin(), until(3_600_000));
      assert.deepEqual(ids((await sweep(level)).removed), all(over));
      assert((await alive(level)).has(kept.image));
      says(level, { state: 'open' });
      const early = await plantRun(ec2, someOrigin(), until(-1000));
      assert.deepEqual((await sweep(level)).removed, []);
      assert((await alive(level)).has(early.image), 'its run is under way');
    });
  });

  it('waits for the grace period, after the creation and after the end of the run', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      await plantRun(ec2, someOrigin());
      const young = await find(level, { graceMs: 60_000 });
      assert.deepEqual(young.strays, []);
      assert(young.kept.every(({ code }) => code === 'young'));
      says(level, { ...TERMINATED, closedAt: new Date(Date.now() + 600_000).toISOString() });
      const lately = await find(level);
      assert.deepEqual(lately.strays, []);
      assert(lately.kept.every(({ code }) => code === 'closed-lately'));
      says(level, { ...TERMINATED, closedAt: undefined });
      assert.deepEqual((await find(level)).strays, [], 'the time when it closed is unknown');
    });
  });

  it('keeps a snapshot and a volume that somebody else uses', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const planted = await plantRun(ec2, someOrigin());
      const foreign = await plantImage(ec2, planted.snapshot, { owner: 'somebody' });
      const machine = await plantInstance(ec2, { owner: 'somebody' });
      await attachVolume(ec2, planted.volume, machine);
      const { removed } = await sweep(level);
      assert.deepEqual(ids(removed), [planted.image, planted.instance].sort());
      const living = await alive(level);
      for (const id of [foreign, planted.snapshot, machine, planted.volume]) assert(living.has(id));
      const { kept } = await find(level);
      const reasons = kept.filter(({ code }) => code === 'in-use').map(({ reason }) => reason);
      assert.deepEqual(
        reasons.sort(),
        [`${foreign} needs it`, `it is attached to ${machine}`].sort(),
      );
    });
  });

  it('looks at the tags and at the run again right before it removes anything', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const planted = await plantRun(ec2, someOrigin());
      const { strays } = await find(level);
      assert.equal(strays.length, 4);
      // Found by its id: no filter of a listing stands before it.
      const foreign = await plantRun(ec2, someOrigin({ deployment: 'staging' }));
      const wrong = strays.map((item) => ({ ...item, id: foreign[item.type] }));
      const refused = await remove(level, wrong);
      assert.deepEqual(refused.removed, []);
      assert(refused.left.every(({ code }) => code === 'other-installation'));
      says(level, { state: 'open' });
      const reset = await remove(level, strays);
      assert.deepEqual(reset.removed, []);
      assert(reset.left.every(({ code }) => code === 'run-open'));
      says(level, TERMINATED);
      await makePublic(ec2, planted);
      assert.deepEqual(
        ids((await remove(level, strays)).removed),
        [planted.instance, planted.volume].sort(),
      );
      assert((await alive(level)).has(planted.image));
      const strange = strays.map((item) => ({
        ...item,
        id: planted.image,
        type: 'image' as const,
      }));
      assert.deepEqual((await remove(level, strange)).removed, [], 'it is public');
    });
  });

  it('fails without a removal while Temporal is out of reach, when it finds and when it removes', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const planted = await plantRun(ec2, someOrigin());
      const { strays } = await find(level);
      level.runs.stateOf = () => Promise.reject(new Error('14 UNAVAILABLE: no connection'));
      for (const act of [() => find(level), () => remove(level, strays)]) {
        await assert.rejects(act(), (error) => {
          const failure = error as ApplicationFailure;
          assert.match(failure.message, /Temporal did not answer whether image\/.* is running/);
          return failure.nonRetryable === false;
        });
      }
      assert.equal(await changes(level), 0);
      const living = await alive(level);
      assert(all(planted).every((id) => living.has(id)));
    });
  });

  it('refuses a sweep of another deployment that came to its task queue', async () => {
    await withRegion(async (level) => {
      const other = { deployment: 'staging' };
      for (const act of [
        () => level.activities.planSweep('staging'),
        () => find(level, other),
        () => remove(level, [], other),
      ]) {
        await assert.rejects(
          act(),
          /a worker of deployment test received a sweep of deployment staging/,
        );
      }
    });
  });

  it('reads every page: the stray behind two hundred look-alikes goes, too', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const tags = { [MANAGED_BY.key]: MANAGED_BY.value, [TAG.deployment]: 'test' };
      const lookAlikes: string[] = [];
      for (let index = 0; index < 205; index += 1) lookAlikes.push(await plantVolume(ec2, tags));
      const { volume } = await plantRun(ec2, someOrigin());
      const found = await find(level);
      assert(ids(found.strays).includes(volume));
      assert.equal(found.keptCount, 205);
      assert(found.kept.length <= 100, 'the payload stays small');
      await remove(level, found.strays);
      const living = await alive(level);
      assert(lookAlikes.every((id) => living.has(id)));
      assert(!living.has(volume));
    });
  });

  it('lists images and snapshots only with the account as owner', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      await plantRun(ec2, someOrigin());
      const before = (await effects(level)).length;
      await sweep(level);
      const listings = (await effects(level))
        .slice(before)
        .filter(({ action }) => action === 'DescribeImages' || action === 'DescribeSnapshots');
      assert(listings.length >= 4);
      for (const { request } of listings) assert.match(JSON.stringify(request), /"self"/);
    });
  });
});

describe('a sweep under faults', () => {
  it('removes all the same when answers are lost, calls are throttled and requests break off', async () => {
    for (const kind of ['lost-answer', 'throttle', 'lost-request', 'error'] as const) {
      await withRegion(async (level, ec2) => {
        says(level, TERMINATED);
        await plantRun(ec2, someOrigin());
        const foreign = await plantRun(ec2, someOrigin({ deployment: 'staging' }));
        await level.setFaults(CHANGES.map((action) => ({ action, kind, count: 2 })));
        const { left } = await sweep(level);
        assert.deepEqual(left, [], kind);
        assert.deepEqual(
          [...(await alive(level))]
            .filter((id) => !all(foreign).includes(id))
            .filter((id) => !id.startsWith('vol-')),
          [],
        );
      });
    }
  });

  it('goes on after a resource that EC2 refuses to remove, and reports which one and why', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const planted = await plantRun(ec2, someOrigin());
      await level.setFaults([{ action: 'DeregisterImage', kind: 'refusal', count: 0 }]);
      const { removed, left } = await sweep(level);
      assert.deepEqual(ids(removed), [planted.instance, planted.volume].sort());
      assert.deepEqual(ids(left), [planted.image, planted.snapshot].sort());
      assert.match(
        left.find(({ id }) => id === planted.image)?.reason ?? '',
        /UnauthorizedOperation/,
      );
      await level.setFaults([]);
      assert.deepEqual((await sweep(level)).left, []);
      assert.deepEqual(await level.resources(), []);
    });
  });

  it('counts what is already gone as removed, and removes only that', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const planted = await plantRun(ec2, someOrigin());
      const { strays } = await find(level);
      await remove(level, strays);
      const later = await plantRun(ec2, someOrigin());
      const before = await changes(level);
      const again = await remove(level, strays);
      assert.deepEqual(ids(again.removed), all(planted));
      assert.equal(await changes(level), before, 'not one changing call');
      const living = await alive(level);
      assert(
        all(later).every((id) => living.has(id)),
        'it was not in the list',
      );
    });
  });

  it('does no harm when two sweeps remove the same strays at once', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const planted = await plantRun(ec2, someOrigin());
      const foreign = await plantInstance(ec2, { [MANAGED_BY.key]: MANAGED_BY.value });
      const { strays } = await find(level);
      const both = await Promise.all([remove(level, strays), remove(level, strays)]);
      for (const { removed, left } of both) {
        assert.deepEqual(left, []);
        assert.deepEqual(ids(removed), all(planted));
      }
      assert((await alive(level)).has(foreign));
    });
  });

  it('removes an AMI and a snapshot that failed, and a snapshot that is still pending', async () => {
    await withRegion(async (level, ec2) => {
      says(level, TERMINATED);
      const origin = someOrigin();
      const volume = await plantVolume(ec2, {});
      const snapshot = await plantSnapshot(ec2, volume, someAmiTags(origin));
      await level.setFaults([
        { action: 'RegisterImage', kind: 'fails-later' },
        { action: 'CreateSnapshot', kind: 'stuck', forMs: 600_000 },
      ]);
      const image = await plantImage(ec2, snapshot, someAmiTags(origin));
      const pending = await startSnapshot(ec2, volume, someAmiTags(origin));
      await untilStates(level, { [image]: 'failed', [pending]: 'pending' });
      const { removed, left } = await sweep(level);
      assert.deepEqual(ids(removed), [image, snapshot, pending].sort());
      assert.deepEqual(left, []);
      assert.deepEqual([...(await alive(level))], [volume]);
    });
  });

  it('asks another region for the regions when the home region is down', async () => {
    const publish = ['regions = ["us-east-1", "eu-west-1"]'];
    await withActivities({ publish }, async (level) => {
      const down = { action: 'DescribeRegions', kind: 'error', count: 0, status: 503 } as const;
      await level.setFaults([{ ...down, region: 'us-east-1' }]);
      assert.equal((await level.activities.planSweep('test')).regions.length, 17);
      await level.setFaults([down]);
      await assert.rejects(level.activities.planSweep('test'), /503|InternalError|Unknown/);
    });
  });
});
