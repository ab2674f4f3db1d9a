import assert from 'node:assert/strict';
import { assertNoMachineLeft } from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';
import { until } from '../support/until.js';

describe('the write', () => {
  it('goes on where it was when the server drops the connection in the middle', async () => {
    await withPublisher({}, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const [image] = compose.images;
      assert(image, 'no image');
      const path = new URL(image.url).pathname;
      const half = Math.floor(image.sizeBytes / 2);
      // The plan reads head and tail first: those must not use up the fault.
      publisher.server.setFault(path, { truncateAfterBytes: half });
      const handle = await publisher.signal(compose);
      await until('half is downloaded', () => publisher.server.requests(path).bytes >= half);
      publisher.server.setFault(path, undefined);
      const result = await handle.result();
      assert.equal(result.outcome, 'published');
      assert(
        publisher.server.requests(path).bytes < image.sizeBytes * 1.6,
        'it was not begun anew',
      );
      await assertNoMachineLeft(publisher);
    });
  });
});
