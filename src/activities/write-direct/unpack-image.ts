/** Reads a compressed image once: hashes it, unpacks it, and judges it as write-image.sh does. */

import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { Unpacker } from './unpacker.js';
import { XzHeaders } from './xz-headers.js';

export interface CompressedImage {
  /** The file's bytes; the signal ends the download. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Buffer>;
  /** Of the compressed file; undefined when the request has none. */
  readonly sha256: string | undefined;
  readonly rawSizeBytes: number | undefined;
  /** Of the volume that is to hold the image. */
  readonly volumeBytes: number;
}

/** Why the image is not written, in the words of write-image.sh. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export type Unpacking = { readonly sha256: string } | { readonly refusal: Refusal };

/**
 * `take` gets the raw bytes in order, as fast as it resolves, and never more than are announced. A file with a wanted
 * checksum is read to its end in any case: a wrong checksum explains every other fault.
 */
export async function unpackImage(
  image: CompressedImage,
  take: (bytes: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<Unpacking> {
  const xz = await Unpacker.start();
  const stop = new AbortController();
  const reading = new Reading(image, xz);
  const fail = (error: unknown): never => {
    xz.kill();
    stop.abort(error);
    throw error;
  };
  try {
    const ends = [
      reading.feed(AbortSignal.any([signal, stop.signal])).catch(fail),
      reading.drain(take).catch(fail),
    ];
    const settled = await Promise.allSettled(ends);
    // The first failure has ended the other side.
    if (stop.signal.aborted) throw stop.signal.reason as Error;
    for (const one of settled) if (one.status === 'rejected') throw one.reason as Error;
    return await reading.verdict();
  } finally {
    xz.kill();
  }
}

class Reading {
  readonly #image: CompressedImage;
  readonly #xz: Unpacker;
  readonly #hash: Hash = createHash('sha256');
  readonly #headers = new XzHeaders();
  readonly #limit: number;
  #rawBytes = 0;
  #isTooLarge = false;

  constructor(image: CompressedImage, xz: Unpacker) {
    this.#image = image;
    this.#xz = xz;
    this.#limit = image.rawSizeBytes ?? image.volumeBytes;
  }

  async feed(signal: AbortSignal): Promise<void> {
    for await (const piece of this.#image.open(signal)) {
      this.#hash.update(piece);
      this.#headers.look(piece);
      if (this.#image.sha256 === undefined && this.#isRefused) {
        // One that ends by itself still has its status to give.
        if (!this.#xz.isOver) this.#xz.kill();
        return;
      }
      if (!this.#xz.isOver && this.#headers.isXz) await this.#xz.write(piece);
    }
    this.#xz.end();
  }

  async drain(take: (bytes: Buffer) => Promise<void>): Promise<void> {
    try {
      for await (const bytes of this.#xz.output) {
        const rest = this.#limit - this.#rawBytes;
        this.#rawBytes += Math.min(bytes.length, rest);
        await take(bytes.subarray(0, rest));
        if (bytes.length > rest) {
          this.#isTooLarge = true;
          this.#xz.kill();
          return;
        }
      }
    } catch (error) {
      // Node reports the end of a stream that was destroyed under its reader.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
    await this.#xz.ended();
  }

  /** Known before the end of the file. */
  get #isRefused(): boolean {
    const { isXz, head, unchecked } = this.#headers;
    return (head.length >= 6 && !isXz) || unchecked !== undefined || this.#xz.isOver;
  }

  /** In the order in which write-image.sh looks. */
  async verdict(): Promise<Unpacking> {
    const { sha256: wanted, rawSizeBytes, volumeBytes } = this.#image;
    const sha256 = this.#hash.digest('hex');
    const { isXz, head, unchecked } = this.#headers;
    const refused = (code: string, message: string): Unpacking => ({ refusal: { code, message } });
    if (wanted !== undefined && wanted !== sha256) {
      return refused('checksum-mismatch', `the file has sha256 ${sha256}, wanted ${wanted}`);
    }
    if (!isXz) {
      const begin = head.toString('hex').replace(/(?!^)(?=(?:..)+$)/g, ' ');
      return refused('not-xz', `the file is not an xz file: it begins with ${begin}`);
    }
    if (wanted === undefined && unchecked !== undefined) {
      const message = `the file has no integrity check (xz: ${unchecked}), and no sha256 was given`;
      return refused('no-integrity-check', message);
    }
    if (this.#isTooLarge) {
      const what =
        rawSizeBytes === undefined
          ? `the volume's ${volumeBytes}`
          : `the announced ${rawSizeBytes}`;
      return refused('larger-than-said', `the raw image is larger than ${what} bytes`);
    }
    const { status, stderr } = await this.#xz.ended();
    if (status !== 0) {
      const text = stderr.replace(/\s+/g, ' ').trim().slice(-300);
      const code = /memory usage limit/i.test(stderr) ? 'xz-memory' : 'corrupt-xz';
      return refused(code, `xz ended with status ${status}: ${text}`);
    }
    if (rawSizeBytes !== undefined && this.#rawBytes !== rawSizeBytes) {
      const message = `the raw image has ${this.#rawBytes} bytes; its index says ${rawSizeBytes}`;
      return refused('shorter-than-said', message);
    }
    if (this.#rawBytes === 0) return refused('empty', 'the raw image is empty');
    return { sha256 };
  }
}
