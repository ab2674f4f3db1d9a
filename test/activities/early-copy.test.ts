import assert from 'node:assert/strict';
import type { Activities } from '../../src/activities/activities.js';
import type { SnapshotSource } from '../../src/activities/shapes/image.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import { planOf, snapshotOf, TWO_REGIONS } from '../support/planned.js';

const AWAY = 'eu-west-1';

interface Planned {
  readonly plan: ImagePlan;
  readonly source: SnapshotSource;
}

async function withSnapshot(
  body: (level: ActivityLevel, planned: Planned) => Promise<void>,
): Promise<void> {
  await withActivities(TWO_REGIONS, async (level) => {
    const plan = await planOf(level);
    await body(level, { plan, source: await snapshotOf(level, plan) });
  });
}

function begin(activities: Activities, { plan, source }: Planned): Promise<string> {
  return activities.copySnapshot({ origin: plan.origin, regionName: AWAY, source });
}

async function copies(level: ActivityLevel): Promise<string[]> {
  const snapshots = await level.resources('snapshot');
  return snapshots.filter(({ region }) => region === AWAY).map(({ id }) => id);
}

describe('a copy that began with the test', () => {
  it('is one copy, though its worker was killed and the copy step begins later', async () => {
    await withSnapshot(async (level, planned) => {
      const snapshot = await begin(level.activities, planned);
      assert.equal(await begin(level.again, planned), snapshot);
      assert.deepEqual(await level.resources('image'), [], 'it has no AMI');
      const { origin, arch, registration, copies: regions } = planned.plan;
      const [regionPlan] = regions;
      assert(regionPlan, 'no regionPlan');
      const amis = await level.activities.copyToRegion({
        ...{ origin, arch, registration, regionPlan, source: planned.source },
        copyMayExist: true,
      });
      assert(
        amis.length > 0 && amis.every((ami) => ami.snapshot === snapshot),
        String(amis.length),
      );
      assert.deepEqual(await copies(level), [snapshot]);
    });
  });

  it('is found by the copy step when EC2 lists it late', async () => {
    await withSnapshot(async (level, planned) => {
      await level.setFaults([{ action: 'CopySnapshot', kind: 'stale-list', forMs: 300 }]);
      const snapshot = await begin(level.activities, planned);
      const { origin, arch, registration, copies: regions } = planned.plan;
      const [regionPlan] = regions;
      assert(regionPlan, 'no regionPlan');
      const input = { origin, arch, registration, regionPlan, source: planned.source };
      await level.activities.copyToRegion({ ...input, copyMayExist: true });
      assert.deepEqual(await copies(level), [snapshot]);
    });
  });

  it('is looked for before a new one is made, and the status says so', async () => {
    await withSnapshot(async (level, planned) => {
      const { origin, arch, registration, copies: regions } = planned.plan;
      const input = { origin, arch, registration, regionPlan: regions[0], source: planned.source };
      const firstPhase = async (copyMayExist: boolean): Promise<unknown> => {
        const beats: { phase?: string }[] = [];
        const onHeartbeat = (beat: unknown) => beats.push(beat as { phase?: string });
        await level.attempt('copyToRegion', { ...input, copyMayExist }, { onHeartbeat });
        return beats[0]?.phase;
      };
      assert.equal(await firstPhase(false), 'snapshot copy');
      assert.match(String(await firstPhase(true)), /an earlier one is looked for first/);
    });
  });

  it('is removed by the sweep when its run was terminated during the test, and stays while the run goes on', async () => {
    await withSnapshot(async (level, planned) => {
      const snapshot = await begin(level.activities, planned);
      const where = { deployment: 'test', regionName: AWAY, graceMs: 0 };
      level.runs.stateOf = () => Promise.resolve({ state: 'open' });
      const { strays: none } = await level.activities.findStrays({ ...where, straysMax: 10 });
      assert.deepEqual(none, []);
      level.runs.stateOf = () =>
        Promise.resolve({
          ...{ state: 'closed', status: 'TERMINATED' },
          ...{ closedAt: '2020-01-01T00:00:00.000Z', results: [] },
        });
      const { strays } = await level.activities.findStrays({ ...where, straysMax: 10 });
      assert.deepEqual(
        strays.map(({ id }) => id),
        [snapshot],
      );
      await level.activities.removeStrays({ ...where, strays });
      assert.deepEqual(await copies(level), []);
    });
  });
});
