/** The blocks of a snapshot: their size, their checksums, and those that need not be written. */

import { createHash } from 'node:crypto';

/** EBS direct APIs reference, StartSnapshot and PutSnapshotBlock: the only size. */
export const BLOCK_BYTES = 512 * 1024;

const ZEROS = Buffer.alloc(BLOCK_BYTES);

export interface SnapshotBlock {
  readonly index: number;
  readonly data: Buffer;
}

export function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/** A snapshot reads as zeros where no block was written. */
export function isBlank(data: Uint8Array): boolean {
  return ZEROS.subarray(0, data.length).equals(data);
}

/** So many bytes of zeros, at most one block. */
export function zeros(bytes: number): Buffer {
  return ZEROS.subarray(0, bytes);
}
