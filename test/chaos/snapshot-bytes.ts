/** The bytes of snapshots, as the cloud keeps them. */

import { createHash } from 'node:crypto';
import type { ListedResource, Simulator } from '../../src/simulator/index.js';
import { CloudControl } from '../support/cloud-control.js';
import type { SnapshotBytes } from './evidence.js';

const ZEROS = Buffer.alloc(1024 * 1024);

/** Hashes the image's part of each snapshot; `whole` also reads what is behind it. */
export async function readSnapshots(
  { url }: Pick<Simulator, 'url'>,
  listed: readonly ListedResource[],
  { imageBytes, whole }: { readonly imageBytes: number; readonly whole: boolean },
): Promise<SnapshotBytes[]> {
  const cloud = new CloudControl(url);
  const found: SnapshotBytes[] = [];
  for (const { region, id } of listed.filter(({ type }) => type === 'snapshot')) {
    const answer = await cloud.snapshotBytes(region, id, whole ? undefined : imageBytes);
    if (answer.body === null) throw new TypeError(`${id} has no bytes`);
    const hash = createHash('sha256');
    let at = 0;
    let restIsZero = true;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      const own = Math.max(0, Math.min(chunk.length, imageBytes - at));
      if (own > 0) hash.update(chunk.subarray(0, own));
      if (own < chunk.length) restIsZero &&= isZero(chunk.subarray(own));
      at += chunk.length;
    }
    found.push({
      region,
      id,
      sha256: hash.digest('hex'),
      restIsZero: whole ? restIsZero : undefined,
    });
  }
  return found;
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}
