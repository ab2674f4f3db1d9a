/** The parts of the .xz format that hold its sizes: stream header, stream footer and index (version 1.2.1). */
import { crc32 } from 'node:zlib';
import { CorruptXzError } from './errors.js';

/** Length of a stream header, and of a stream footer. */
export const XZ_HEADER_BYTES = 12;
const HEADER_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const FOOTER_MAGIC = Buffer.from('YZ', 'latin1');

/** The sums of one stream's index. */
export interface XzIndex {
  blocks: number;
  /** Of all blocks in the file, each padded to four bytes. */
  blocksBytes: number;
  rawBytes: number;
}

/** Whether these first bytes of a file are those of xz. */
export function startsAsXz(head: Buffer): boolean {
  return head.subarray(0, HEADER_MAGIC.length).equals(HEADER_MAGIC);
}

/** Whether twelve bytes end like a stream footer. */
export function endsAsXz(footer: Buffer): boolean {
  return footer.subarray(10, 12).equals(FOOTER_MAGIC);
}

/** The two flag bytes of a stream header. Throws `CorruptXzError`. */
export function parseStreamHeader(header: Buffer): Buffer {
  if (!startsAsXz(header)) throw new CorruptXzError('a stream does not begin where its index says');
  const flags = header.subarray(6, 8);
  expectCrc(flags, header.readUInt32LE(8), 'a stream header');
  checkFlags(flags);
  return flags;
}

/** The flag bytes of a stream footer, and the size of the index before it. Throws `CorruptXzError`. */
export function parseStreamFooter(footer: Buffer): { flags: Buffer; indexBytes: number } {
  if (!endsAsXz(footer)) throw new CorruptXzError('a stream has no footer');
  expectCrc(footer.subarray(4, 10), footer.readUInt32LE(0), 'a stream footer');
  const flags = footer.subarray(8, 10);
  checkFlags(flags);
  return { flags, indexBytes: (footer.readUInt32LE(4) + 1) * 4 };
}

function checkFlags(flags: Buffer): void {
  if (flags[0] !== 0 || ((flags[1] ?? 0) & 0xf0) !== 0) {
    throw new CorruptXzError('a stream has flags of an unknown version of the format');
  }
}

/** Reads a whole index: indicator, records, padding and checksum. Throws `CorruptXzError`. */
export function parseIndex(index: Buffer): XzIndex {
  const end = index.length - 4;
  if (end < 4 || index[0] !== 0)
    throw new CorruptXzError('an index does not begin with its marker');
  expectCrc(index.subarray(0, end), index.readUInt32LE(end), 'an index');
  const numbers = new MultibyteReader(index.subarray(1, end));
  const blocks = numbers.next();
  // A record has two bytes at least: refuse a larger count before the loop.
  if (blocks > index.length / 2)
    throw new CorruptXzError('an index counts more blocks than it holds');
  let blocksBytes = 0;
  let rawBytes = 0;
  for (let block = 0; block < blocks; block += 1) {
    const unpaddedBytes = numbers.next();
    if (unpaddedBytes < 5) throw new CorruptXzError('an index has a block without content');
    blocksBytes += Math.ceil(unpaddedBytes / 4) * 4;
    rawBytes += numbers.next();
    if (!Number.isSafeInteger(blocksBytes) || !Number.isSafeInteger(rawBytes)) {
      throw new CorruptXzError('an index adds up to more than any file can hold');
    }
  }
  const rest = numbers.rest();
  if (rest.length > 3 || rest.some((byte) => byte !== 0)) {
    throw new CorruptXzError('an index holds more than its records');
  }
  return { blocks, blocksBytes, rawBytes };
}

/** Reads the format's integers: seven bits a byte, the lowest first, in their shortest form. */
class MultibyteReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(): number {
    let value = 0;
    for (let position = 0; position < 9; position += 1) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined) break;
      this.#offset += 1;
      value += (byte & 0x7f) * 2 ** (7 * position);
      if ((byte & 0x80) !== 0) continue;
      if (byte === 0 && position > 0) break;
      if (!Number.isSafeInteger(value)) break;
      return value;
    }
    throw new CorruptXzError('an index has a number that is cut off, overlong or too large');
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#offset);
  }
}

function expectCrc(bytes: Buffer, expected: number, what: string): void {
  if (crc32(bytes) !== expected) throw new CorruptXzError(`the checksum of ${what} is wrong`);
}
