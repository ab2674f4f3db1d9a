/** How a sweep asks and removes: right before a removal, page by page, and under faults. */

import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import { MANAGED_BY, TAG } from '../../../src/model/ids/tags.js';
import { withActivities } from '../../support/activity-level.js';
import {
  makePublic,
  plantImage,
  plantInstance,
  plantRun,
  plantSnapshot,
  plantVolume,
  someAmiTags,
  someOrigin,
  startSnapshot,
} from '../../support/planted.js';
import {
  CHANGES,
  TERMINATED,
  alive,
  all,
  changes,
  effects,
  find,
  ids,
  remove,
  says,
  sweep,
  untilStates,
  withRegion,
} from './one-region.js';

describe('a sweep of one region', () => {
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
      assert(
        refused.left.every(({ code }) => code === 'other-installation'),
        JSON.stringify(refused.left),
      );
      says(level, { state: 'open' });
      const reset = await remove(level, strays);
      assert.deepEqual(reset.removed, []);
      assert(
        reset.left.every(({ code }) => code === 'run-open'),
        JSON.stringify(reset.left),
      );
      says(level, TERMINATED);
      await makePublic(ec2, planted);
      assert.deepEqual(
        ids((await remove(level, strays)).removed),
        [planted.instance, planted.volume].sort(),
      );
      assert((await alive(level)).has(planted.image), `${planted.image} is gone`);
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
      assert(
        all(planted).every((id) => living.has(id)),
        [...living].join('\n'),
      );
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
      assert(ids(found.strays).includes(volume), ids(found.strays).join('\n'));
      assert.equal(found.keptCount, 205);
      assert(found.kept.length <= 100, 'the payload stays small');
      await remove(level, found.strays);
      const living = await alive(level);
      assert(
        lookAlikes.every((id) => living.has(id)),
        lookAlikes.join('\n'),
      );
      assert(!living.has(volume), [...living].join('\n'));
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
      assert(listings.length >= 4, String(listings.length));
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
      assert((await alive(level)).has(foreign), `${foreign} is gone`);
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
