import assert from 'node:assert/strict';
import type { RemovedSurplus } from '../../src/activities/shapes/removal.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import type { Origin, Tags } from '../../src/model/ids/tags.js';
import { RESULT_STATE, TAG } from '../../src/model/ids/tags.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import type { Planted } from '../support/planted.js';
import {
  makePublic,
  plantRun,
  plantSnapshot,
  plantVolume,
  someOrigin,
} from '../support/planted.js';
import { snapshotTags } from '../../src/model/ids/tags.js';

const REGION = 'us-east-1';

function look(
  level: ActivityLevel,
  origin: Origin,
  results: readonly Pick<Planted, 'image' | 'snapshot'>[] = [],
): Promise<RemovedSurplus> {
  const ids = results.flatMap(({ image, snapshot }) => [image, snapshot]);
  return level.activities.removeSurplus({ origin, regions: [{ regionName: REGION, ids }] });
}

function all(planted: Planted): string[] {
  return Object.values(planted) as string[];
}

async function alive(level: ActivityLevel): Promise<Set<string>> {
  return new Set((await level.resources()).map(({ id }) => id));
}

async function withRegion(
  body: (level: ActivityLevel, ec2: RegionAccess) => Promise<void>,
): Promise<void> {
  await withActivities({}, (level) => body(level, level.aws.region(REGION)));
}

describe('the last look of a run', () => {
  it('removes the second instance, volume, AMI and snapshot that a run never learned of', async () => {
    await withRegion(async (level, ec2) => {
      const origin = someOrigin();
      const published = await plantRun(ec2, origin);
      const twice = await plantRun(ec2, origin);
      await makePublic(ec2, published);
      const { removed, left } = await look(level, origin, [published]);
      assert.deepEqual(left, []);
      const machines = [published.instance, published.volume];
      assert.deepEqual(
        removed.toSorted(),
        [...all(twice), ...machines].map((id) => `${id} in ${REGION}`).sort(),
      );
      const living = await alive(level);
      assert.deepEqual([...living].sort(), [published.image, published.snapshot].sort());
    });
  });

  it('keeps what is public, complete, kept for inspection or in the result', async () => {
    await withRegion(async (level, ec2) => {
      const origin = someOrigin();
      const tagged = (key: string, value: string) => (tags: Tags) => ({ ...tags, [key]: value });
      const open = await plantRun(ec2, origin);
      await makePublic(ec2, { image: open.image });
      const complete = await plantRun(ec2, origin, tagged(TAG.state, RESULT_STATE.complete));
      const kept = await plantRun(ec2, origin, tagged(TAG.keepUntil, '2999-01-01T00:00:00Z'));
      const listed = await plantRun(ec2, origin);
      await look(level, origin, [listed]);
      const living = await alive(level);
      for (const { image, snapshot } of [open, complete, kept, listed]) {
        assert(living.has(image), image);
        assert(living.has(snapshot), `the snapshot of ${image}`);
      }
    });
  });

  it('keeps a public snapshot that has no AMI', async () => {
    await withRegion(async (level, ec2) => {
      const origin = someOrigin();
      const volume = await plantVolume(ec2, {});
      const snapshot = await plantSnapshot(
        ec2,
        volume,
        snapshotTags(origin, 'copy', 'a'.repeat(64)),
      );
      await makePublic(ec2, { snapshot });
      assert.deepEqual((await look(level, origin)).removed, []);
      assert((await alive(level)).has(snapshot), `${snapshot} is gone`);
    });
  });

  it('leaves other runs, deployments and Temporal servers alone', async () => {
    await withRegion(async (level, ec2) => {
      const others = [
        { runId: 'run-two' },
        { workflowId: 'image/other' },
        { deployment: 'staging' },
        { cluster: 'another' },
        { namespace: 'another' },
      ];
      const planted: Planted[] = [];
      for (const other of others) planted.push(await plantRun(ec2, someOrigin(other)));
      assert.deepEqual((await look(level, someOrigin())).removed, []);
      const living = await alive(level);
      assert(
        planted.flatMap(all).every((id) => living.has(id)),
        planted.flatMap(all).join('\n'),
      );
    });
  });

  it('looks into all other regions when one region refuses, and is repeated when one does not answer', async () => {
    await withRegion(async (level, ec2) => {
      const origin = someOrigin();
      const { snapshot } = await plantRun(ec2, origin);
      const far = level.aws.region('eu-west-1');
      const there = await plantRun(far, origin);
      const regions = [REGION, 'eu-west-1'].map((regionName) => ({ regionName, ids: [] }));
      await level.setFaults([
        { action: 'DescribeInstances', region: REGION, kind: 'refusal', count: 0 },
      ]);
      const { left } = await level.activities.removeSurplus({ origin, regions });
      assert.match(left.join(), /^resources in us-east-1: .*UnauthorizedOperation/);
      const living = await alive(level);
      assert(living.has(snapshot), [...living].join('\n'));
      assert(
        all(there).every((id) => !living.has(id)),
        [...living].join('\n'),
      );
      await level.setFaults([
        { action: 'DescribeInstances', region: REGION, kind: 'error', status: 503, count: 0 },
      ]);
      await assert.rejects(
        level.activities.removeSurplus({ origin, regions }),
        (error: { nonRetryable?: boolean }) => error.nonRetryable === false,
      );
    });
  });
});
