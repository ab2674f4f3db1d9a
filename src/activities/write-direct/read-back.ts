/** Reads a completed snapshot back: it must hold the image, and zeros behind it. */

import { createHash } from 'node:crypto';
import { BLOCK_BYTES, isBlank, zeros } from '../../aws/ebs/blocks.js';
import { readBlocks } from '../../aws/ebs/read-blocks.js';
import type { RegionAccess } from '../../aws/region-access.js';
import type { Refusal } from './unpack-image.js';

export interface ReadBack {
  readonly snapshot: string;
  readonly rawSha256: string;
  readonly rawSizeBytes: number;
  readonly onProgress: (bytes: number) => void;
}

/** Undefined when the snapshot is as it must be. */
export async function readBack(
  ec2: RegionAccess,
  { snapshot, rawSha256, rawSizeBytes, onProgress }: ReadBack,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  const addZeros = (until: number): void => {
    while (bytes < until) {
      const some = Math.min(BLOCK_BYTES, until - bytes);
      hash.update(zeros(some));
      bytes += some;
    }
  };
  for await (const { index, data } of readBlocks(ec2, snapshot, signal)) {
    addZeros(Math.min(index * BLOCK_BYTES, rawSizeBytes));
    const ofImage = data.subarray(0, Math.max(0, rawSizeBytes - index * BLOCK_BYTES));
    if (!isBlank(data.subarray(ofImage.length))) {
      const message = `block ${index} of the snapshot has other bytes than zeros behind the image`;
      return { code: 'not-blank', message };
    }
    hash.update(ofImage);
    bytes += ofImage.length;
    onProgress(bytes);
  }
  addZeros(rawSizeBytes);
  const got = hash.digest('hex');
  if (got === rawSha256) return undefined;
  const message = `the snapshot reads back with sha256 ${got}; sha256 ${rawSha256} was written`;
  return { code: 'read-back', message };
}
