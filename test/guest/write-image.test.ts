import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { compressXz } from '../../src/local/disk-image/xz-file.js';
import { until } from '../support/until.js';
import { VOLUME_BYTES, withWriteBench } from '../support/write-program.js';
import type { ServedImage } from './served-images.js';
import { CHANGED_BYTE, ServedImages } from './served-images.js';

const PATH = '/image.raw.xz';
const RAW_BYTES = 2 * 1024 * 1024;

describe('the write program', () => {
  let images: ServedImages;
  let server: ComposeServer;
  let image: ServedImage;
  const serve = () => images.put(PATH, RAW_BYTES);

  before(async () => {
    images = await ServedImages.open();
    server = images.server;
    image = await serve();
  });
  afterEach(() => server.setFault(PATH, undefined));
  after(() => images.close());

  it('does not append to an error page when the server is asked again after a 503', async () => {
    await withWriteBench(async ({ volume, write }) => {
      server.setFault(PATH, { status: 503, times: 1 });
      const result = await write(image.args);
      assert.equal(result.get('status'), 'ok', result.get('message'));
      assert.equal(result.get('sha256'), image.args.sha256);
      assert.deepEqual((await readFile(volume)).subarray(0, RAW_BYTES), image.raw);
    });
  });

  it('writes an image that does not fill its last block, and leaves zeros behind it', async () => {
    const raw = Buffer.concat([image.raw, randomBytes(513)]);
    const rawFile = join(images.directory, 'odd.raw');
    await writeFile(rawFile, raw);
    const { file, compressed } = await compressXz(rawFile);
    server.setFault(PATH, { body: await readFile(file) });
    const sizes = { compressedBytes: compressed.sizeBytes, rawBytes: raw.length };
    await withWriteBench(async ({ volume, write }) => {
      const result = await write({ ...image.args, sha256: compressed.sha256, ...sizes });
      assert.equal(result.get('status'), 'ok', result.get('message'));
      const written = await readFile(volume);
      assert.equal(written.length, VOLUME_BYTES);
      assert.deepEqual(written.subarray(0, raw.length), raw);
      assert(
        written.subarray(raw.length).equals(Buffer.alloc(VOLUME_BYTES - raw.length)),
        'bytes behind the image',
      );
    });
  });

  it('touches no volume that another writer is at', async () => {
    await withWriteBench(async ({ state, volume, write }) => {
      const lock = join(state, 'writer.lock');
      const other = spawn('flock', [lock, 'sh', '-c', 'echo held; exec cat'], { stdio: 'pipe' });
      await once(other.stdout, 'data');
      await assert.rejects(write(image.args), /left no result/);
      assert(
        (await readFile(volume)).every((byte) => byte === 0),
        'bytes on the volume',
      );
      other.stdin.end();
      await once(other, 'close');
      assert.equal((await write(image.args)).get('status'), 'ok');
    });
  });

  it('is not done with half a file when the server drops every connection early', async () => {
    await withWriteBench(async ({ write }) => {
      const third = Math.ceil(image.args.compressedBytes / 3) + 10;
      server.setFault(PATH, { truncateAfterBytes: third, times: 2 });
      const before = server.requests(PATH);
      const result = await write(image.args);
      assert.equal(result.get('status'), 'ok', result.get('message'));
      const after = server.requests(PATH);
      assert.equal(after.partial - before.partial, 2, 'each goes on where the last one ended');
      assert(
        after.bytes - before.bytes < image.args.compressedBytes * 1.1,
        `${after.bytes - before.bytes}, ${image.args.compressedBytes * 1.1}`,
      );
    });
  });

  it('reports both hashes when the file on the server changes between two attempts', async () => {
    await withWriteBench(async ({ volume, state, shim, write }) => {
      // The pause between the two lasts until the new file is there.
      await shim('sleep', `until [ -e '${state}/go' ]; do /bin/sleep 0.05; done`);
      const half = Math.ceil(image.args.compressedBytes / 2);
      server.setFault(PATH, { truncateAfterBytes: half });
      const { args } = image;
      const began = server.requests(PATH).bytes;
      const writing = write(args);
      await until('half of it', () => server.requests(PATH).bytes - began >= half);
      image = await serve();
      server.setFault(PATH, undefined);
      await writeFile(join(state, 'go'), '');
      const result = await writing;
      assert.equal(result.get('code'), 'checksum-mismatch');
      const [, got] = /has sha256 ([0-9a-f]{64}), wanted/.exec(result.get('message') ?? '') ?? [];
      assert(got !== undefined && got !== args.sha256, got);
      assert.match(result.get('message') ?? '', new RegExp(`wanted ${args.sha256}`));
      assert(
        (await readFile(volume)).every((byte) => byte === 0),
        'no byte reached the volume',
      );
    });
  });

  it('gives up a server that stays below the floor rate, after five tries that got a little further', async () => {
    await withWriteBench(async ({ shim, write }) => {
      // curl itself decides; only its patience of a minute is shortened to a second.
      await shim('curl', 'exec /usr/bin/curl "${@/#60/1}"');
      server.setFault(PATH, { bytesPerSecond: 2_000 });
      const result = await write({ ...image.args, minRate: 1_000_000 });
      assert.equal(result.get('code'), 'too-slow', result.get('message'));
      assert.match(result.get('message') ?? '', /below 1000000 bytes a second/);
    });
  });

  it('reports that the disk of the instance is full, without an hour of retries', async () => {
    await withWriteBench(async ({ state, write }) => {
      await symlink('/dev/full', join(state, 'image.xz'));
      const result = await write(image.args);
      assert.equal(result.get('code'), 'disk-full', result.get('message'));
      assert.match(result.get('message') ?? '', /does not fit on the utility instance/);
    });
  });

  it('never reports success when the decompressor failed inside the pipe', async () => {
    await withWriteBench(async ({ shim, write }) => {
      // All bytes come out, and then it fails: the pipe itself ends well.
      await shim('xz', '/usr/bin/xz "$@"; exit 1');
      const result = await write(image.args);
      assert.equal(result.get('code'), 'corrupt-xz', result.get('message'));
      assert.match(result.get('message') ?? '', /status 1/);
    });
  });

  it('never reports success when dd failed', async () => {
    await withWriteBench(async ({ shim, write }) => {
      await shim('dd', '[[ $* == *of=* ]] && { /bin/dd "$@"; exit 1; }; exec /bin/dd "$@"');
      const result = await write(image.args);
      assert.equal(result.get('code'), 'write-error', result.get('message'));
      assert.match(result.get('message') ?? '', /dd ended with status 1/);
    });
  });

  it('finds bytes on the volume that are not those that were written', async () => {
    await withWriteBench(async ({ shim, volume, write }) => {
      await shim(
        'dd',
        `[[ $* == *of=* ]] || exec /bin/dd "$@"
/bin/dd "$@" && printf X | /bin/dd of='${volume}' bs=1 seek=${CHANGED_BYTE} conv=notrunc 2>/dev/null`,
      );
      const result = await write(image.args);
      assert.equal(result.get('code'), 'read-back', result.get('message'));
    });
  });

  it('does not stay at "read-back 100%" while it looks whether the rest of a large volume is blank', async () => {
    await withWriteBench(async ({ state, shim, write }) => {
      const seen = join(state, 'phase-of-the-look');
      // The look begins with the write, and lasts longer than the read-back.
      await shim(
        'dd',
        `if [[ $* == *of=/dev/full* ]]; then
  until grep -q '^blank-check' '${state}/phase'; do /bin/sleep 0.05; done
  /bin/cp '${state}/phase' '${seen}'
fi
exec /bin/dd "$@"`,
      );
      const result = await write(image.args);
      assert.equal(result.get('status'), 'ok', result.get('message'));
      const [phase, total, meter] = (await readFile(seen, 'utf8')).split(' ');
      const rest = VOLUME_BYTES - RAW_BYTES;
      assert.deepEqual([phase, Number(total), meter], ['blank-check', rest, 'dd']);
    });
  });

  it('does not read ten gibibytes after the write when the server did not announce the size of the image', async () => {
    await withWriteBench(async ({ state, shim, write }) => {
      const began = join(state, 'looks-that-began');
      await shim(
        'dd',
        `[[ $* != *of=/dev/full* ]] || /bin/cp '${state}/phase' '${began}'; exec /bin/dd "$@"`,
      );
      const { url, sha256, compressedBytes } = image.args;
      const result = await write({ url, sha256, compressedBytes });
      assert.equal(result.get('status'), 'ok', result.get('message'));
      assert.equal(result.get('raw_bytes'), `${RAW_BYTES}`);
      // The file's own index has the size: the rest is looked at while the image is unpacked.
      assert.match(await readFile(began, 'utf8'), new RegExp(`^write ${RAW_BYTES} dd`));
    });
  });

  it('refuses a volume that is not blank: sparse writing would keep its earlier bytes', async () => {
    await withWriteBench(async ({ volume, write }) => {
      const dirty = await readFile(volume);
      dirty[RAW_BYTES + 5_000_000] = 1;
      await writeFile(volume, dirty);
      const result = await write(image.args);
      assert.equal(result.get('code'), 'not-blank', result.get('message'));
      assert.match(result.get('message') ?? '', /not zero comes after \d+ of the \d+ bytes/);
    });
  });

  it('does not blame a volume for bytes that could not be read', async () => {
    await withWriteBench(async ({ shim, write }) => {
      await shim(
        'dd',
        `[[ $* == *of=/dev/full* ]] || exec /bin/dd "$@"
echo "dd: error reading '/dev/nvme1n1': Input/output error" >&2; exit 1`,
      );
      const result = await write(image.args);
      assert.equal(result.get('code'), 'unreadable', result.get('message'));
      assert.match(result.get('message') ?? '', /Input\/output error/);
    });
  });

  it('never takes a volume for blank of which only a part was read', async () => {
    await withWriteBench(async ({ shim, write }) => {
      await shim(
        'dd',
        `[[ $* == *of=/dev/full* ]] || exec /bin/dd "$@"\nexec /bin/dd "$@" count=1`,
      );
      const result = await write(image.args);
      assert.equal(result.get('code'), 'unreadable', result.get('message'));
    });
  });
});
