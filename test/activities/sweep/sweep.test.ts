import assert from 'node:assert/strict';
import type { Tags } from '../../../src/model/ids/tags.js';
import { MANAGED_BY, RESULT_STATE, TAG } from '../../../src/model/ids/tags.js';
import type { Planted } from '../../support/planted.js';
import {
  attachVolume,
  makePublic,
  plantImage,
  plantInstance,
  plantRun,
  someOrigin,
  stopInstance,
} from '../../support/planted.js';
import {
  TERMINATED,
  alive,
  all,
  changes,
  completed,
  find,
  ids,
  says,
  sweep,
  withRegion,
} from './one-region.js';

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
      assert(
        kept.every(({ code }) => code === 'other-installation'),
        JSON.stringify(kept),
      );
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
      assert(!living.has(older.image), [...living].join('\n'));
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
      assert(!(await alive(level)).has(snapshot), `${snapshot} is still there`);
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
        assert(!living.has(instance) && !living.has(volume), [...living].join('\n'));
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
      assert((await alive(level)).has(marked.image), `${marked.image} is gone`);
      assert((await alive(level)).has(marked.snapshot), `${marked.snapshot} is gone`);
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
      assert((await alive(level)).has(kept.image), `${kept.image} is gone`);
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
      assert(
        young.kept.every(({ code }) => code === 'young'),
        JSON.stringify(young.kept),
      );
      says(level, { ...TERMINATED, closedAt: new Date(Date.now() + 600_000).toISOString() });
      const lately = await find(level);
      assert.deepEqual(lately.strays, []);
      assert(
        lately.kept.every(({ code }) => code === 'closed-lately'),
        JSON.stringify(lately.kept),
      );
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
      for (const id of [foreign, planted.snapshot, machine, planted.volume])
        assert(living.has(id), [...living].join('\n'));
      const { kept } = await find(level);
      const reasons = kept.filter(({ code }) => code === 'in-use').map(({ reason }) => reason);
      assert.deepEqual(
        reasons.sort(),
        [`${foreign} needs it`, `it is attached to ${machine}`].sort(),
      );
    });
  });
});
