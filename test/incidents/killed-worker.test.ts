import assert from 'node:assert/strict';
import { holdDownload } from '../support/held-download.js';
import { withPublisher } from '../support/local-publisher.js';
import {
  assertPublishedOnce,
  callCount,
  INSTANCES_PER_IMAGE,
  oneImage,
} from '../support/one-image.js';
import { pendingWrite } from '../support/pending-write.js';
import { until } from '../support/until.js';
import { withWorkers } from '../support/worker-process.js';

describe('a worker that is killed', () => {
  it('downloads the image once all the same when the next one takes up the write', async () => {
    await withPublisher({ worker: false }, async (publisher) => {
      const one = await oneImage(publisher);
      const { image, request, path } = one;
      const download = holdDownload(publisher, one);
      const sent = () => publisher.server.requests(path).bytes;
      await withWorkers(publisher, async (start) => {
        const first = start();
        const handle = await publisher.publish(request);
        await download.reached();
        await first.kill();
        start();
        await until(
          'the next attempt',
          async () => ((await pendingWrite(handle)).attempt ?? 0) > 1,
        );
        download.release();
        assert.equal((await handle.result()).outcome, 'published');
        assert(sent() < image.sizeBytes * 1.5, 'downloaded once');
        assert.equal(await callCount(publisher, 'RunInstances'), INSTANCES_PER_IMAGE);
        await assertPublishedOnce(publisher, ['us-east-1', 'eu-west-1', 'us-east-2']);
      });
    });
  });
});
