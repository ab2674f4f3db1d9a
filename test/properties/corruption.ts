/** An image and its corruptions: 256 positions over the file, each flipped, truncated, zeroed and extended. */

import { createHash } from 'node:crypto';
import { noise, xz } from '../fetch/xz-files.js';

export const WAYS = ['flip', 'truncate', 'zero', 'extend'] as const;
export type Way = (typeof WAYS)[number];

export interface Corruption {
  readonly way: Way;
  readonly position: number;
  readonly bytes: Buffer;
  /** Only zeros behind the end, a multiple of four of them: the format's own stream padding. */
  readonly isPadding: boolean;
}

export interface GoodImage {
  readonly raw: Buffer;
  readonly rawSha256: string;
  readonly compressed: Buffer;
  readonly sha256: string;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** As `xz -T0` writes it: several blocks, a checksum each; with data, a hole, and data of a pattern. */
export function goodImage(check: 'crc64' | 'none' = 'crc64'): GoodImage {
  const pattern = Buffer.alloc(100_000, 'all work and no play makes a dull disk image ');
  const raw = Buffer.concat([random(200_000), Buffer.alloc(200_000), pattern, random(24_288)]);
  const compressed = xz(raw, '-0', '--block-size=65536', `--check=${check}`);
  return { raw, rawSha256: sha256(raw), compressed, sha256: sha256(compressed) };
}

/** Bytes that no program compresses, the same in every run. */
function random(length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(String(index)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

/** Most are spread evenly; the headers at the start and the index at the end are small and get their own. */
const AT_START = 24;
const AT_END = 48;
const POSITIONS = 256;

function positionsIn(length: number): number[] {
  const even = POSITIONS - AT_START - AT_END;
  const step = (length - AT_START - AT_END * 2) / even;
  return [
    ...Array.from({ length: AT_START }, (_, index) => index),
    ...Array.from({ length: even }, (_, index) => AT_START + Math.floor(index * step)),
    ...Array.from({ length: AT_END }, (_, index) => length - (AT_END - index) * 2 + 1),
  ];
}

/** Every one of them differs from the good file. `every` takes each so-manieth position only. */
export function corruptions({ compressed }: GoodImage, every = 1): Corruption[] {
  return positionsIn(compressed.length)
    .map((position, index) => ({ position, index }))
    .filter(({ index }) => index % every === 0)
    .flatMap(({ position, index }) =>
      WAYS.map((way) => ({ way, position, ...corrupt(compressed, { way, position, index }) })),
    );
}

function corrupt(
  good: Buffer,
  { way, position, index }: { way: Way; position: number; index: number },
): Pick<Corruption, 'bytes' | 'isPadding'> {
  switch (way) {
    case 'flip': {
      const bytes = Buffer.from(good);
      bytes[position] = (bytes[position] ?? 0) ^ (1 << (index % 8));
      return { bytes, isPadding: false };
    }
    case 'truncate':
      return { bytes: good.subarray(0, position), isPadding: false };
    case 'zero':
      return { bytes: zeroed(good, position, 2 ** (index % 10)), isPadding: false };
    case 'extend':
      return extended(good, position, index);
  }
}

/** Zeros a run that begins with a byte which is none already. */
function zeroed(good: Buffer, position: number, length: number): Buffer {
  const bytes = Buffer.from(good);
  let from = position;
  while (bytes[from] === 0) from = (from + 1) % bytes.length;
  return bytes.fill(0, from, Math.min(bytes.length, from + length));
}

function extended(
  good: Buffer,
  position: number,
  index: number,
): Pick<Corruption, 'bytes' | 'isPadding'> {
  const length = 1 + (Math.floor(index / 4) % 64);
  switch (index % 4) {
    case 0: {
      // A server's disk that rounds up, or a download that was allocated before it was written.
      const bytes = Buffer.concat([good, Buffer.alloc(length)]);
      return { bytes, isPadding: length % 4 === 0 };
    }
    case 1:
      return { bytes: Buffer.concat([good, noise(length * 7)]), isPadding: false };
    case 2:
      // A retried download that was appended to what was there.
      return { bytes: Buffer.concat([good, good.subarray(position)]), isPadding: false };
    default: {
      const inserted = [good.subarray(0, position), noise(length), good.subarray(position)];
      return { bytes: Buffer.concat(inserted), isPadding: false };
    }
  }
}
