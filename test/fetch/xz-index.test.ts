import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import {
  CorruptXzError,
  SourceError,
  TooLargeError,
  TruncatedError,
} from '../../src/fetch/errors.js';
import { readXzSizes, type XzSizes } from '../../src/fetch/xz-index.js';
import { GIB, noise, xz } from './xz-files.js';

function sizesOf(bytes: Buffer, maxRawSizeBytes = GIB): Promise<XzSizes> {
  const read = (offset: number, length: number): Promise<Buffer> => {
    assert.ok(
      offset >= 0 && length > 0 && offset + length <= bytes.length,
      'reads within the file',
    );
    return Promise.resolve(Buffer.from(bytes.subarray(offset, offset + length)));
  };
  return readXzSizes({ sizeBytes: bytes.length, read }, 'image.raw.xz', maxRawSizeBytes);
}

/** Writes a checksum anew, so that a test reaches the check behind it. */
function resealed(bytes: Buffer, from: number, to: number, crcAt: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(crc32(copy.subarray(from, to)), crcAt);
  return copy;
}

describe('the raw size of an xz file', () => {
  const raw = noise(300_000);

  it('is right for files that xz has written', async () => {
    const cases: [name: string, bytes: Buffer, streams: number, blocks: number][] = [
      ['one block', xz(raw), 1, 1],
      ['many blocks', xz(raw, '--block-size=4096'), 1, 74],
      ['threads', xz(raw, '-T2', '--block-size=65536'), 1, 5],
      ['uneven blocks', xz(raw, '--block-list=1000,2001,50000,0'), 1, 4],
      ['no check', xz(raw, '--check=none'), 1, 1],
      ['crc32', xz(raw, '--check=crc32', '-0'), 1, 1],
      ['sha256', xz(raw, '--check=sha256', '-9'), 1, 1],
      ['x86 filter', xz(raw, '--x86', '--lzma2=preset=1'), 1, 1],
    ];
    for (const [name, bytes, streams, blocks] of cases) {
      const expected = {
        rawSizeBytes: raw.length,
        compressedSizeBytes: bytes.length,
        streams,
        blocks,
      };
      assert.deepEqual(await sizesOf(bytes), expected, name);
    }
  });

  it('adds up concatenated streams, with padding between and after them', async () => {
    const parts = [
      xz(noise(5000)),
      Buffer.alloc(4),
      xz(noise(70_000), '--block-size=8192', '--check=crc32'),
      Buffer.alloc(16_384),
      xz(Buffer.alloc(0)),
      xz(Buffer.from('x')),
      Buffer.alloc(8),
    ];
    const bytes = Buffer.concat(parts);
    assert.deepEqual(await sizesOf(bytes), {
      rawSizeBytes: 75_001,
      compressedSizeBytes: bytes.length,
      streams: 4,
      blocks: 11,
    });
    assert.equal(execFileSync('xz', ['-dc'], { input: bytes, maxBuffer: GIB }).length, 75_001);
  });

  it('is 0 for an empty stream', async () => {
    const { rawSizeBytes, blocks } = await sizesOf(xz(Buffer.alloc(0)));
    assert.deepEqual({ rawSizeBytes, blocks }, { rawSizeBytes: 0, blocks: 0 });
  });

  it('agrees with xz for any sizes, block sizes and paddings', async () => {
    const part = fc.record({
      length: fc.integer({ min: 0, max: 20_000 }),
      block: fc.integer({ min: 500, max: 9000 }),
      padding: fc.integer({ min: 0, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), async (parts) => {
        const bytes = Buffer.concat(
          parts.flatMap(({ length, block, padding }) => [
            xz(noise(length), '-0', `--block-size=${block}`),
            Buffer.alloc(padding * 4),
          ]),
        );
        const sum = parts.reduce((total, { length }) => total + length, 0);
        assert.equal((await sizesOf(bytes)).rawSizeBytes, sum);
      }),
      { numRuns: 40 },
    );
  });

  it('above the limit is refused before an instance is launched', async () => {
    await assert.rejects(sizesOf(xz(raw), raw.length - 1), TooLargeError);
    assert.equal((await sizesOf(xz(raw), raw.length)).rawSizeBytes, raw.length);
    const two = Buffer.concat([xz(raw), xz(raw)]);
    await assert.rejects(sizesOf(two, raw.length), TooLargeError);
  });
});

describe('a damaged xz file', () => {
  const good = xz(noise(50_000), '--block-size=10000');
  const footer = good.length - 12;
  const indexBytes = (good.readUInt32LE(footer + 4) + 1) * 4;
  const index = footer - indexBytes;

  const withByte = (at: number, change: (byte: number) => number): Buffer => {
    const copy = Buffer.from(good);
    copy[at] = change(copy[at] ?? 0) & 0xff;
    return copy;
  };

  it('is refused for a flipped bit anywhere in header, index and footer', async () => {
    const places = [
      ...Array.from({ length: 12 }, (_, at) => at),
      ...Array.from({ length: good.length - index }, (_, at) => index + at),
    ];
    for (const at of places) {
      for (const bit of [1, 128]) {
        await assert.rejects(
          sizesOf(withByte(at, (byte) => byte ^ bit)),
          (error) => error instanceof CorruptXzError || error instanceof TruncatedError,
          `byte ${at}, bit ${bit}`,
        );
      }
    }
  });

  it('is refused at every length that it may be cut to', async () => {
    for (let length = 1; length < good.length; length += length < index ? 997 : 1) {
      await assert.rejects(sizesOf(good.subarray(0, length)), SourceError, `${length} bytes`);
    }
  });

  it('is refused with a reason for each wrong number under a right checksum', async () => {
    const lies: [reason: RegExp, bytes: Buffer][] = [
      [
        /header and footer differ/,
        resealed(
          withByte(footer + 9, () => 1),
          footer + 4,
          footer + 10,
          footer,
        ),
      ],
      [
        /unknown version/,
        resealed(
          withByte(footer + 8, () => 1),
          footer + 4,
          footer + 10,
          footer,
        ),
      ],
      [/index of 17179869184 bytes/, sealBackwardSize(0xffff_ffff)],
      [/does not begin with its marker|checksum of an index/, sealBackwardSize(indexBytes / 4)],
      [
        /does not begin with its marker/,
        resealed(
          withByte(index, () => 1),
          index,
          footer - 4,
          footer - 4,
        ),
      ],
      [
        /more blocks/,
        resealed(
          withByte(index + 1, () => 0x7f),
          index,
          footer - 4,
          footer - 4,
        ),
      ],
      [
        /holds more than its records/,
        resealed(
          withByte(index + 1, () => 4),
          index,
          footer - 4,
          footer - 4,
        ),
      ],
      [
        /without content/,
        resealed(
          withByte(index + 2, () => 4),
          index,
          footer - 4,
          footer - 4,
        ),
      ],
      [
        /is shorter than its index says/,
        resealed(
          withByte(index + 3, (byte) => byte | 0x7f),
          index,
          footer - 4,
          footer - 4,
        ),
      ],
      [
        /does not begin where its index says/,
        resealed(
          withByte(index + 2, (byte) => byte - 8),
          index,
          footer - 4,
          footer - 4,
        ),
      ],
    ];
    for (const [reason, bytes] of lies) await assert.rejects(sizesOf(bytes), reason);
  });

  function sealBackwardSize(value: number): Buffer {
    const copy = Buffer.from(good);
    copy.writeUInt32LE(value, footer + 4);
    return resealed(copy, footer + 4, footer + 10, footer);
  }

  it('is refused for numbers in a longer form than needed, and for too much padding', async () => {
    const craft = (body: number[]): Buffer => {
      const flags = Buffer.from([0, 0]);
      const header = Buffer.concat([Buffer.from('fd377a585a00', 'hex'), flags, Buffer.alloc(4)]);
      header.writeUInt32LE(crc32(flags), 8);
      const crafted = Buffer.concat([Buffer.from(body), Buffer.alloc(4)]);
      crafted.writeUInt32LE(crc32(Buffer.from(body)), body.length);
      const tail = Buffer.concat([Buffer.alloc(8), flags, Buffer.from('YZ')]);
      tail.writeUInt32LE(crafted.length / 4 - 1, 4);
      tail.writeUInt32LE(crc32(tail.subarray(4, 10)), 0);
      return Buffer.concat([header, crafted, tail]);
    };
    assert.equal((await sizesOf(craft([0, 0, 0, 0]))).streams, 1);
    await assert.rejects(sizesOf(craft([0, 0x80, 0, 0])), /overlong/);
    await assert.rejects(sizesOf(craft([0, 0, 0, 0, 0, 0, 0, 0])), /more than its records/);
    const huge = [0, 1, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    await assert.rejects(sizesOf(craft(huge)), /too large/);
  });

  it('is refused when padding is not in groups of four, or is not zero', async () => {
    const tails = [Buffer.alloc(3), Buffer.from([0, 0, 0, 1]), Buffer.from('garbage!')];
    for (const tail of tails) {
      await assert.rejects(sizesOf(Buffer.concat([good, tail])), TruncatedError);
      await assert.rejects(sizesOf(Buffer.concat([good, tail, good])), CorruptXzError);
    }
  });

  it('costs little when it consists of empty streams or padding only', async () => {
    const empty = xz(Buffer.alloc(0));
    await assert.rejects(
      sizesOf(Buffer.concat(Array.from({ length: 1002 }, () => empty))),
      /more than 1000 streams/,
    );
    await assert.rejects(
      sizesOf(Buffer.concat([good, Buffer.alloc(5 * 1024 * 1024)])),
      /consists mostly of padding or index/,
    );
  });

  it('never crashes the reader, for any bytes', async () => {
    const edit = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        fc.nat(60),
        async (edits, cut) => {
          const copy = Buffer.from(good.subarray(0, good.length - cut));
          edits.forEach(([at, byte]) => at < copy.length && (copy[at] = byte));
          await sizesOf(copy).catch((error: unknown) =>
            assert.ok(error instanceof SourceError, String(error)),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });
});
