import assert from 'node:assert/strict';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, callCount, oneImage } from '../support/one-image.js';
import { until } from '../support/until.js';
import { withWorkers } from '../support/worker-process.js';

describe('a worker that is killed', () => {
  it('downloads the image once all the same when the next one takes up the write', async () => {
    await withPublisher({ worker: false }, async (publisher) => {
      const { image, request, path } = await oneImage(publisher);
      publisher.server.setFault(path, { bytesPerSecond: Math.ceil(image.sizeBytes / 8) });
      const sent = () => publisher.server.requests(path).bytes;
      await withWorkers(publisher, async (start) => {
        const first = start();
        const handle = await publisher.publish(request);
        await until('a quarter is downloaded', () => sent() > image.sizeBytes / 4);
        await first.kill();
        start();
        assert.equal((await handle.result()).outcome, 'published');
        assert(sent() < image.sizeBytes * 1.5, 'downloaded once');
        assert.equal(await callCount(publisher, 'RunInstances'), 2);
        await assertPublishedOnce(publisher, ['us-east-1', 'eu-west-1', 'us-east-2']);
      });
    });
  });
});
