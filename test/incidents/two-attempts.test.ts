import assert from 'node:assert/strict';
import { withActivities } from '../support/activity-level.js';
import {
  effectsOf,
  launch,
  planOf,
  publish,
  register,
  snapshotOf,
  TWO_REGIONS,
} from '../support/planned.js';

describe('an attempt that runs on beside its retry', () => {
  it('writes nothing between the blocks of the other: both follow one writer, and the volume is free before its snapshot', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const { origin, url, sha256, rawSizeBytes, compressedSizeBytes } = plan;
      const utility = await launch(level.activities, plan);
      const what = { origin, utility, url, sha256, rawSizeBytes, compressedSizeBytes };
      const input = { ...what, minRateBytesPerSecond: 0 };
      const [zombie, retry] = await Promise.all([
        level.activities.writeImage(input),
        level.again.writeImage(input),
      ]);
      assert.deepEqual(zombie, retry);
      assert.equal(retry.rawSha256, level.image.rawSha256);
      const path = new URL(level.image.url).pathname;
      assert(level.server.requests(path).bytes < level.image.sizeBytes * 1.9, 'downloaded once');
      const { rawSha256 } = retry;
      await level.activities.snapshotVolume({ origin, utility, rawSha256 });
      const calls = (await effectsOf(level)).filter(({ kind }) => kind === 'call');
      const order = calls.map(({ action }) => action);
      const asked = order.lastIndexOf('DescribeVolumes', order.indexOf('CreateSnapshot'));
      assert(
        order.indexOf('DetachVolume') > -1 && order.indexOf('DetachVolume') < asked,
        order.join('\n'),
      );
    });
  });
});

describe('an image whose run Temporal has forgotten', () => {
  it('is not published a second time: its AMIs say that it was', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const amis = await register(level.activities, plan, await snapshotOf(level, plan));
      await publish(level.activities, plan, amis);
      const again = await level.activities.planImage({
        request: level.request,
        workflowId: 'image/another',
        runId: 'another',
      });
      const ids = (of: readonly { ami: string }[] | undefined) => of?.map(({ ami }) => ami).sort();
      assert.deepEqual(ids(again.published), ids(amis));
    });
  });
});
