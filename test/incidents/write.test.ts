import assert from 'node:assert/strict';
import { rename, truncate } from 'node:fs/promises';
import { compressXz } from '../../src/local/disk-image/xz-file.js';
import { assertNoMachineLeft, imageSha256, snapshotRest } from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';

describe('the write', () => {
  it('rounds the volume up for an image that is no whole number of GiB, and leaves zeros behind it', async () => {
    const publish = ['regions = ["us-east-1", "eu-west-1"]'];
    await withPublisher({ publish }, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const [image] = compose.images;
      assert(image);
      const rawSizeBytes = 1024 ** 3 + 512;
      await truncate(image.rawFile, rawSizeBytes);
      const { file, raw, compressed } = await compressXz(image.rawFile);
      await rename(file, image.file);
      const handle = await publisher.publish({
        composeId: compose.composeId,
        release: '43',
        image: { ...image, ...compressed, arch: 'x86_64' },
      });
      const result = await handle.result();
      assert.equal(result.rawSizeBytes, rawSizeBytes);
      const snapshots = (await publisher.resources()).filter(({ type }) => type === 'snapshot');
      assert.equal(snapshots.length, 2);
      for (const snapshot of snapshots) {
        assert.equal(await imageSha256(publisher, snapshot, rawSizeBytes), raw.sha256);
      }
      const home = snapshots.find(({ region }) => region === 'us-east-1');
      assert(home);
      const rest = await snapshotRest(publisher, home, rawSizeBytes);
      assert.deepEqual(rest, { bytes: 2 * 1024 ** 3, restIsZero: true });
    });
  });

  it('goes on where it was when the server drops the connection in the middle', async () => {
    await withPublisher({}, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const [image] = compose.images;
      assert(image);
      const path = new URL(image.url).pathname;
      const half = Math.floor(image.sizeBytes / 2);
      // The plan reads head and tail first: those must not use up the fault.
      publisher.server.setFault(path, { truncateAfterBytes: half });
      const handle = await publisher.signal(compose);
      while (publisher.server.requests(path).bytes < half) await tick();
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

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
