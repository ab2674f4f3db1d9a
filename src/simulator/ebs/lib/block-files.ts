/** The bytes of a snapshot by blocks: a sparse file, and the SHA-256 of each block that was written beside it. */

import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import type { SnapshotRecord } from '../../store/state.js';
import { blockDigestFile, bytesPerGiB, copySparse, snapshotFile } from '../../store/storage.js';
import { dataRanges } from './data-ranges.js';
import { blockBytes } from './model.js';

const digestBytes = 32;

export function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

export interface BlockFiles {
  readonly stateDir: string;
  readonly snapshot: Pick<SnapshotRecord, 'file' | 'sizeGiB'>;
}

/** Makes the file at its full length: the parent's bytes, or zeros, and no block written. */
export async function createBlockFiles(
  { stateDir, snapshot }: BlockFiles,
  parent: Pick<SnapshotRecord, 'file'> | undefined,
): Promise<void> {
  const file = snapshotFile(stateDir, snapshot);
  if (parent === undefined) await fs.writeFile(file, '');
  else await copySparse(snapshotFile(stateDir, parent), file);
  await fs.truncate(file, snapshot.sizeGiB * bytesPerGiB);
  await fs.writeFile(blockDigestFile(file), '');
}

/** Data first, digest second: a block counts as written only with its bytes. Rejects when the files are gone. */
export async function writeBlock(
  { stateDir, snapshot }: BlockFiles,
  index: number,
  block: { readonly data: Buffer; readonly digest: Buffer },
): Promise<void> {
  const file = snapshotFile(stateDir, snapshot);
  await writeAt(file, block.data, index * blockBytes);
  await writeAt(blockDigestFile(file), block.digest, index * digestBytes);
}

async function writeAt(file: string, data: Buffer, position: number): Promise<void> {
  const handle = await fs.open(file, 'r+');
  try {
    for (let done = 0; done < data.length;) {
      done += (await handle.write(data, done, data.length - done, position + done)).bytesWritten;
    }
  } finally {
    await handle.close();
  }
}

/** The digests of the blocks that PutSnapshotBlock wrote, in the order of their indexes; undefined where it wrote none. */
export async function writtenDigests({
  stateDir,
  snapshot,
}: BlockFiles): Promise<ReadonlyMap<number, Buffer> | undefined> {
  let all: Buffer;
  try {
    all = await fs.readFile(blockDigestFile(snapshotFile(stateDir, snapshot)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const digests = new Map<number, Buffer>();
  const none = Buffer.alloc(digestBytes);
  for (let index = 0; (index + 1) * digestBytes <= all.length; index += 1) {
    const digest = all.subarray(index * digestBytes, (index + 1) * digestBytes);
    // A hole: no data is known whose SHA-256 is zero.
    if (!digest.equals(none)) digests.set(index, digest);
  }
  return digests;
}

export async function readBlock(
  { stateDir, snapshot }: BlockFiles,
  index: number,
): Promise<Buffer> {
  const handle = await fs.open(snapshotFile(stateDir, snapshot), 'r');
  try {
    return await readFrom(handle, index);
  } finally {
    await handle.close();
  }
}

/** A whole block; what lies behind the end of the file reads as zeros. */
async function readFrom(handle: fs.FileHandle, index: number): Promise<Buffer> {
  const block = Buffer.alloc(blockBytes);
  for (let done = 0; done < blockBytes;) {
    const position = index * blockBytes + done;
    const { bytesRead } = await handle.read(block, done, blockBytes - done, position);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return block;
}

/** The blocks with a byte that is not zero, for a file whose written blocks are not on record. */
export async function blocksWithData({ stateDir, snapshot }: BlockFiles): Promise<number[]> {
  const file = snapshotFile(stateDir, snapshot);
  const { size } = await fs.stat(file);
  const ranges = (await dataRanges(file)) ?? [{ offset: 0, length: size }];
  const found: number[] = [];
  const zeros = Buffer.alloc(blockBytes);
  const handle = await fs.open(file, 'r');
  try {
    let next = 0;
    for (const { offset, length } of ranges) {
      // Two ranges may lie in one block.
      next = Math.max(next, Math.floor(offset / blockBytes));
      for (; next * blockBytes < offset + length; next += 1) {
        if (!(await readFrom(handle, next)).equals(zeros)) found.push(next);
      }
    }
    return found;
  } finally {
    await handle.close();
  }
}
