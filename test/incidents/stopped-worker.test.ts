import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, callCount, oneImage } from '../support/one-image.js';
import { until } from '../support/until.js';
import { withWorkers } from '../support/worker-process.js';

const REGIONS = ['us-east-1', 'eu-west-1', 'us-east-2'];

describe('a worker that is stopped', () => {
  it('hands its work over at once: no undo, no second download, no wait for a heartbeat', async () => {
    await withPublisher({ worker: false }, async (publisher) => {
      const { image, request, path } = await oneImage(publisher);
      publisher.server.setFault(path, { bytesPerSecond: Math.ceil(image.sizeBytes / 8) });
      await withWorkers(publisher, async (start) => {
        const first = start();
        const handle = await publisher.publish(request);
        const sent = () => publisher.server.requests(path).bytes;
        await until('a quarter is downloaded', () => sent() > image.sizeBytes / 4);
        const second = start();
        await second.ready;
        const began = performance.now();
        await first.stop();
        console.log('stop', performance.now() - began);
        const stopped = performance.now();
        console.log(JSON.stringify((await handle.describe()).raw.pendingActivities, null, 1));
        await until('attempt 2', async () => (await attemptOf(handle)) === 2);
        console.log('handover', performance.now() - stopped);
        assert(performance.now() - stopped < 5_000);
        console.log(JSON.stringify((await handle.describe()).raw.pendingActivities, null, 1));
        const result = await handle.result();
        assert.equal(result.outcome, 'published');
        await assertPublishedOnce(publisher, REGIONS);
        assert.equal(await callCount(publisher, 'RunInstances'), 2);
        assert(sent() < image.sizeBytes * 1.5, 'downloaded once');
      });
    });
  });
});

/** Of the write, while it runs. */
async function attemptOf(handle: WorkflowHandle): Promise<number | undefined> {
  const { raw } = await handle.describe();
  const write = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'writeImage');
  return write?.state === 2 ? (write.attempt ?? undefined) : undefined;
}
