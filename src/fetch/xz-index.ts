/** Reads the raw size of an .xz file on a server from its indexes: a few KiB instead of the whole image. */
import { CorruptXzError, NotXzError, TooLargeError, TruncatedError } from './errors.js';
import { createHttpSession, type HttpSessionOptions } from './http-session.js';
import { openRemoteFile, type RandomAccess } from './range-reader.js';
import { printableUrl } from '../model/printable.js';
import {
  endsAsXz,
  parseIndex,
  parseStreamFooter,
  parseStreamHeader,
  startsAsXz,
  XZ_HEADER_BYTES,
  type XzIndex,
} from './xz-format.js';

/** The sizes in the indexes of an .xz file. */
export interface XzSizes {
  rawSizeBytes: number;
  compressedSizeBytes: number;
  streams: number;
  blocks: number;
}

/** The sizes, and the URL behind all redirects. */
export interface RemoteXzSizes extends XzSizes {
  url: string;
}

export interface XzIndexOptions extends HttpSessionOptions {
  /** A larger image is refused with `TooLargeError`. */
  maxRawSizeBytes: number;
}

/** For nearly every image, one read at the end has footer and index. */
const WINDOW_BYTES = 8 * 1024;
const STREAMS_MAX = 1000;
/** Bounds the reads from a file of padding or index only: `xz -T0` writes some 500 index bytes per GiB. */
const READ_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Reads the sizes of an .xz file by HTTP range requests. Throws `NotXzError`, `TruncatedError`,
 * `CorruptXzError`, `TooLargeError`, `RangesUnsupportedError`, `DownloadError` or `UrlRefusedError`.
 */
export async function readXzIndex(url: string, options: XzIndexOptions): Promise<RemoteXzSizes> {
  const session = createHttpSession(options);
  try {
    const what = printableUrl(url);
    const requireXz = (head: Buffer): void => {
      if (!startsAsXz(head)) throw new NotXzError(`${what} is not an xz file${guess(head)}`);
    };
    const file = await openRemoteFile(session, url, WINDOW_BYTES, requireXz);
    if (file.sizeBytes === 0) throw new TruncatedError(`${what} is empty`);
    requireXz(file.head);
    const sizes = await readXzSizes(withHead(file, file.head), what, options.maxRawSizeBytes);
    return { ...sizes, url: file.url };
  } finally {
    session.close();
  }
}

/** The sizes of a file that begins as xz. Reads its streams from the last to the first. */
export async function readXzSizes(
  file: RandomAccess,
  what: string,
  maxRawSizeBytes: number,
): Promise<XzSizes> {
  const tail = new TailReader(file, what);
  const total = { rawSizeBytes: 0, streams: 0, blocks: 0 };
  let end = file.sizeBytes;
  while (end > 0) {
    end = await skipPadding(tail, end, what, total.streams === 0);
    const stream = await readStream(tail, end, what);
    total.rawSizeBytes += stream.rawBytes;
    total.blocks += stream.blocks;
    total.streams += 1;
    if (total.rawSizeBytes > maxRawSizeBytes) {
      throw new TooLargeError(
        `${what} expands to ${total.rawSizeBytes} bytes or more; allowed: ${maxRawSizeBytes}`,
        'if the image must be so large, raise max_raw_gib in [source]',
      );
    }
    if (total.streams > STREAMS_MAX) {
      throw new CorruptXzError(`${what} has more than ${STREAMS_MAX} streams`);
    }
    end = stream.start;
  }
  return { ...total, compressedSizeBytes: file.sizeBytes };
}

/** The end of the stream before `end`: padding is zeros, in groups of four. */
async function skipPadding(
  tail: TailReader,
  end: number,
  what: string,
  last: boolean,
): Promise<number> {
  let at = end;
  while (at >= XZ_HEADER_BYTES) {
    const group = await tail.read(at - 4, 4);
    if (group.readUInt32LE(0) !== 0) break;
    at -= 4;
  }
  if (
    at >= 2 * XZ_HEADER_BYTES &&
    endsAsXz(await tail.read(at - XZ_HEADER_BYTES, XZ_HEADER_BYTES))
  ) {
    return at;
  }
  if (last) throw new TruncatedError(`${what} begins as xz, but its end is missing`);
  throw new CorruptXzError(`${what} has bytes between its streams that are not padding`);
}

/** The stream that ends at `end`: its footer, its index, and its header, which must agree. */
async function readStream(
  tail: TailReader,
  end: number,
  what: string,
): Promise<XzIndex & { start: number }> {
  const footer = parseStreamFooter(await tail.read(end - XZ_HEADER_BYTES, XZ_HEADER_BYTES));
  const indexStart = end - XZ_HEADER_BYTES - footer.indexBytes;
  if (indexStart < XZ_HEADER_BYTES) {
    throw new CorruptXzError(
      `${what} has an index of ${footer.indexBytes} bytes, more than the file has room for`,
    );
  }
  const index = parseIndex(await tail.read(indexStart, footer.indexBytes));
  const start = indexStart - index.blocksBytes - XZ_HEADER_BYTES;
  if (start < 0) throw new TruncatedError(`${what} is shorter than its index says`);
  const flags = parseStreamHeader(await tail.read(start, XZ_HEADER_BYTES));
  if (!flags.equals(footer.flags)) {
    throw new CorruptXzError(`${what} has a stream whose header and footer differ`);
  }
  return { ...index, start };
}

/** Reads backwards through a file in windows, so that many small streams cost few requests. */
class TailReader {
  readonly #file: RandomAccess;
  readonly #what: string;
  #window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  #readBytes = 0;

  constructor(file: RandomAccess, what: string) {
    this.#file = file;
    this.#what = what;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const { start, bytes } = this.#window;
    if (offset < start || offset + length > start + bytes.length) {
      await this.#move(offset, offset + length);
    }
    const from = offset - this.#window.start;
    return this.#window.bytes.subarray(from, from + length);
  }

  async #move(offset: number, end: number): Promise<void> {
    const start = Math.max(0, Math.min(offset, end - WINDOW_BYTES));
    this.#readBytes += end - start;
    if (this.#readBytes > READ_BYTES_MAX) {
      throw new CorruptXzError(`${this.#what} consists mostly of padding or index`);
    }
    this.#window = { start, bytes: await this.#file.read(start, end - start) };
  }
}

/** Answers from the first bytes, which are already there, where they suffice. */
function withHead(file: RandomAccess, head: Buffer): RandomAccess {
  return {
    sizeBytes: file.sizeBytes,
    read: (offset, length) =>
      offset + length <= head.length
        ? Promise.resolve(head.subarray(offset, offset + length))
        : file.read(offset, length),
  };
}

/** The format of a file that is not xz, where its first bytes show it. */
function guess(head: Buffer): string {
  const text = head.subarray(0, 64).toString('latin1').trimStart().toLowerCase();
  if (text.startsWith('<!doctype') || text.startsWith('<html')) return ': it is an HTML page';
  if (head[0] === 0x1f && head[1] === 0x8b) return ': it is compressed by gzip';
  if (text.startsWith('qfi')) return ': it is a qcow2 image';
  if (head.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) {
    return ': it is compressed by zstd';
  }
  return '';
}
