import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import { withWriteBench } from '../support/write-program.js';
import type { ServedImage } from './served-images.js';
import { ServedImages } from './served-images.js';

describe('the write program', () => {
  describe('of a large file', () => {
    const BIG = '/big.raw.xz';
    const BIG_BYTES = 34 * 1024 * 1024;
    let images: ServedImages;
    let server: ComposeServer;
    let image: ServedImage;

    before(async () => {
      images = await ServedImages.open();
      server = images.server;
      image = await images.put(BIG, BIG_BYTES);
    });
    afterEach(() => server.setFault(BIG, undefined));
    after(() => images.close());

    it('does not wait for one slow connection: its parts are downloaded side by side', async () => {
      await withWriteBench(async ({ volume, write }) => {
        const before = server.requests(BIG);
        const result = await write(image.args);
        assert.equal(result.get('status'), 'ok', result.get('message'));
        const after = server.requests(BIG);
        assert.equal(after.partial - before.partial, 2);
        assert.equal(after.bytes - before.bytes, image.args.compressedBytes, 'each byte once');
        assert((await readFile(volume)).subarray(0, BIG_BYTES).equals(image.raw), 'other bytes');
      });
    });

    it('goes on inside each part when the server drops the connections', async () => {
      await withWriteBench(async ({ write }) => {
        server.setFault(BIG, { truncateAfterBytes: 10_000_000, times: 2 });
        const before = server.requests(BIG);
        const result = await write(image.args);
        assert.equal(result.get('status'), 'ok', result.get('message'));
        const after = server.requests(BIG);
        assert.equal(
          after.partial - before.partial,
          4,
          'two that were dropped, and two that went on',
        );
        assert(
          after.bytes - before.bytes < image.args.compressedBytes * 1.1,
          `${after.bytes - before.bytes}, ${image.args.compressedBytes * 1.1}`,
        );
      });
    });

    it('is not put together from whole files when a server forgets its ranges', async () => {
      const directoryOnly = await startComposeServer({
        directory: images.directory,
        ranges: false,
      });
      try {
        await withWriteBench(async ({ volume, state, write }) => {
          const result = await write({ ...image.args, url: `${directoryOnly.url}${BIG}` });
          assert.equal(result.get('status'), 'ok', result.get('message'));
          assert((await readFile(volume)).subarray(0, BIG_BYTES).equals(image.raw), 'other bytes');
          assert.deepEqual(
            (await readdir(state)).filter((name) => name.includes('part')),
            [],
          );
        });
      } finally {
        await directoryOnly.close();
      }
    });

    it('keeps the reason of the first part that fails, when another one is ended in its report', async () => {
      await withWriteBench(async ({ state, shim, write }) => {
        server.setFault(BIG, { status: 403 });
        // The first report waits for the second, and the second until its part has been ended: its pipe is closed then.
        await shim(
          'tail',
          `parent() { ps -o ppid= -p $PPID; }
if [[ $* != *1000* ]]; then :
elif mkdir '${state}/first' 2>/dev/null; then until [ -e '${state}/second' ]; do /bin/sleep 0.02; done
elif mkdir '${state}/second' 2>/dev/null; then part=$(parent); while [ "$(parent)" = "$part" ]; do /bin/sleep 0.02; done
fi
exec /usr/bin/tail "$@"`,
        );
        const result = await write(image.args);
        assert.equal(result.get('code'), 'http-403', result.get('message'));
      });
    });

    it('ends at once with the reason of the part that the server refuses', async () => {
      await withWriteBench(async ({ volume, write }) => {
        server.setFault(BIG, { status: 403 });
        const result = await write(image.args);
        assert.equal(result.get('code'), 'http-403', result.get('message'));
        assert(
          (await readFile(volume)).every((byte) => byte === 0),
          'bytes on the volume',
        );
      });
    });

    it('is refused when one part has other bytes', async () => {
      await withWriteBench(async ({ shim, write }) => {
        await shim(
          'curl',
          `/usr/bin/curl "$@"; code=$?
  for last; do [ "$before" != --output ] || piece=$last; before=$last; done
  [[ $piece != *.part.1.* ]] || printf X | /bin/dd of="$piece" bs=1 seek=4711 conv=notrunc 2>/dev/null
  exit $code`,
        );
        const result = await write(image.args);
        assert.equal(result.get('code'), 'checksum-mismatch', result.get('message'));
      });
    });
  });
});
