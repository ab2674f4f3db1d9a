/** What the headers in an xz file say of its integrity checks, read as the file passes by. */

import { crc32 } from 'node:zlib';

/** The .xz file format 1.2.1, section 2.1.1: magic bytes, two bytes of flags, and their CRC32. */
const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const HEADER_BYTES = 12;

/** The same, section 2.1.1.2; the names are those of `xz --list`. */
const CHECKS: Readonly<Record<number, string>> = {
  0: 'None',
  1: 'CRC32',
  4: 'CRC64',
  10: 'SHA-256',
};

export class XzHeaders {
  /** The first bytes of the file, as many as are shown of one that is not xz. */
  head: Buffer = Buffer.alloc(0);
  readonly #checks = new Set<string>();
  #rest: Buffer = Buffer.alloc(0);
  /** Where the rest begins in the file. */
  #offset = 0;

  /** To be called with all bytes of the file, in their order. */
  look(piece: Buffer): void {
    if (this.head.length < 16) {
      this.head = Buffer.concat([this.head, piece.subarray(0, 16 - this.head.length)]);
    }
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
      this.#header(bytes, at);
    }
    const kept = Math.min(HEADER_BYTES - 1, bytes.length);
    this.#offset += bytes.length - kept;
    this.#rest = Buffer.from(bytes.subarray(bytes.length - kept));
  }

  get isXz(): boolean {
    return this.head.subarray(0, MAGIC.length).equals(MAGIC);
  }

  /** The checks without which damage could stay unseen: `None`, or one that xz may not know. */
  get unchecked(): string | undefined {
    const weak = [...this.#checks].filter((name) => name === 'None' || name.startsWith('Unknown'));
    return weak.length === 0 ? undefined : weak.join(',');
  }

  /** A stream begins at a multiple of four bytes; the same bytes elsewhere, or with another CRC, are data. */
  #header(bytes: Buffer, at: number): void {
    if ((this.#offset + at) % 4 !== 0 || at + HEADER_BYTES > bytes.length) return;
    const flags = bytes.subarray(at + 6, at + 8);
    if (crc32(flags) !== bytes.readUInt32LE(at + 8)) return;
    const check = (flags[1] ?? 0) & 0x0f;
    this.#checks.add(CHECKS[check] ?? `Unknown-${check}`);
  }
}
