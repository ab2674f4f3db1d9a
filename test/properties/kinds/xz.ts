/** The headers and indexes of xz files: damaged, lying, and those that only begin as xz. */

import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { SourceError } from '../../../src/fetch/errors.js';
import { readXzSizes } from '../../../src/fetch/xz-index.js';
import { noise, xz } from '../../fetch/xz-files.js';
import { inputKind, verdictOf } from '../input-kind.js';
import { readable } from '../output-safety.js';

const MAX_RAW_BYTES = 1024 ** 3;
/** What a hostile index may make us read: each window once, and nothing twice. */
const READ_BYTES_MAX = 6 * 1024 * 1024;

const GOOD: readonly Buffer[] = [
  xz(noise(20_000), '--block-size=3000'),
  xz(noise(3_000), '--check=none'),
  Buffer.concat([
    xz(noise(500)),
    Buffer.alloc(8),
    xz(Buffer.alloc(0)),
    xz(noise(900), '--check=sha256'),
  ]),
];

interface Damage {
  readonly file: Buffer;
  /** From the start, or from the end, where footers and indexes are. */
  readonly at: number;
  readonly fromEnd: boolean;
  readonly bytes: Uint8Array;
  readonly way: number;
}

const damaged: fc.Arbitrary<Buffer> = fc
  .record({
    file: fc.constantFrom(...GOOD),
    at: fc.nat({ max: 120 }),
    fromEnd: fc.boolean(),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 9 }),
      fc.constantFrom(
        Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        new Uint8Array(8),
      ),
    ),
    way: fc.nat({ max: 4 }),
  })
  .map(damage);

function damage({ file, at, fromEnd, bytes, way }: Damage): Buffer {
  const index = fromEnd ? Math.max(0, file.length - 1 - at) : at;
  const copy = Buffer.from(file);
  if (way === 0) copy.set(bytes.subarray(0, file.length - index), index);
  if (way === 1) return copy.subarray(0, index);
  if (way === 2) return Buffer.concat([copy, bytes]);
  if (way === 3) copy[index] = (copy[index] ?? 0) ^ (1 << (at % 8));
  if (way === 4) return resealed(copy, bytes);
  return copy;
}

/** A lie with right checksums: the numbers of the index are others. */
function resealed(file: Buffer, bytes: Uint8Array): Buffer {
  const footer = file.length - 12;
  const indexBytes = (file.readUInt32LE(footer + 4) + 1) * 4;
  const index = file.subarray(footer - indexBytes, footer);
  index.set(bytes.subarray(0, Math.max(0, index.length - 6)), 1);
  index.writeUInt32LE(crc32(index.subarray(0, -4)), index.length - 4);
  return file;
}

/** An index written from nothing: any numbers, right checksums, in a file as long as they say or not. */
const written: fc.Arbitrary<Buffer> = fc
  .record({
    blocks: fc.array(fc.tuple(numberBytes(), numberBytes()), { maxLength: 6 }),
    count: fc.oneof(fc.constant(undefined), numberBytes()),
    body: fc.nat({ max: 200 }),
    backward: fc.oneof(fc.constant(undefined), fc.constantFrom(0, 1, 0x3fffffff, 0xffffffff)),
    flags: fc.constantFrom(0, 1, 4, 10, 15, 16),
  })
  .map(({ blocks, count, body, backward, flags }) => {
    const records = Buffer.concat([
      Buffer.from([0]),
      count ?? Buffer.from([blocks.length]),
      ...blocks.flat(),
    ]);
    const padded = Buffer.concat([records, Buffer.alloc((4 - (records.length % 4)) % 4)]);
    const index = Buffer.concat([padded, uint32(crc32(padded))]);
    const streamFlags = Buffer.from([0, flags]);
    const magic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
    const header = Buffer.concat([magic, streamFlags, uint32(crc32(streamFlags))]);
    const sealed = Buffer.concat([uint32(backward ?? index.length / 4 - 1), streamFlags]);
    const footer = Buffer.concat([uint32(crc32(sealed)), sealed, Buffer.from('YZ')]);
    return Buffer.concat([header, Buffer.alloc(body * 4, 1), index, footer]);
  });

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A number as the format writes it; short, at a limit, overlong, or without an end. */
function numberBytes(): fc.Arbitrary<Buffer> {
  const small = fc.nat({ max: 127 }).map((value) => Buffer.from([value]));
  const hostile = fc.constantFrom(
    '80',
    '8000',
    'ff7f',
    'ffffffffffffff7f',
    'ffffffffffffffff7f',
    '808080808001',
    'ffffffffffffffffff01',
  );
  return fc.oneof(
    small,
    hostile.map((hex) => Buffer.from(hex, 'hex')),
  );
}

const xzIndexes = inputKind({
  name: 'xz-index',
  title:
    'an xz file with a wrong size in its index is read for ever, or gets a volume of the wrong size',
  weight: 8,
  input: fc.oneof(
    { weight: 6, arbitrary: damaged },
    { weight: 3, arbitrary: written },
    { weight: 1, arbitrary: fc.constantFrom(...GOOD) },
  ),
  open: () => ({
    check: (bytes) => {
      let readBytes = 0;
      const read = (offset: number, length: number): Promise<Buffer> => {
        assert(
          offset >= 0 && length > 0 && offset + length <= bytes.length,
          'it reads what is not there',
        );
        readBytes += length;
        return Promise.resolve(bytes.subarray(offset, offset + length));
      };
      const file = { sizeBytes: bytes.length, read };
      return verdictOf(
        () => readXzSizes(file, 'image.raw.xz', MAX_RAW_BYTES),
        readable(SourceError),
        (sizes) => {
          assert(readBytes <= READ_BYTES_MAX, `${readBytes} bytes were read`);
          assert(
            Number.isSafeInteger(sizes.rawSizeBytes) && sizes.rawSizeBytes >= 0,
            `raw size ${sizes.rawSizeBytes}`,
          );
          assert(
            sizes.rawSizeBytes <= MAX_RAW_BYTES && sizes.compressedSizeBytes === bytes.length,
            JSON.stringify(sizes),
          );
        },
      );
    },
  }),
});

export const kinds = [xzIndexes];
