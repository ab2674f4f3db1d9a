/** Which blocks a completed snapshot has. */

import type { Cloud } from '../../cloud.js';
import type { SnapshotRecord } from '../../store/state.js';
import { blocksWithData, writtenDigests } from './block-files.js';

/** Kept as long as the record: the blocks of a completed snapshot do not change. */
const known = new WeakMap<SnapshotRecord, Promise<readonly number[]>>();

/**
 * The indexes in numerical order. EBS user guide, "Frequently asked questions for EBS direct APIs": "It returns only
 * block indexes and tokens that have data written to them." PutSnapshotBlock may have written zeros. Of a snapshot that
 * was made in another way, and of what a parent had, the blocks that hold other bytes count as written.
 */
export function blockList(cloud: Cloud, snapshot: SnapshotRecord): Promise<readonly number[]> {
  let list = known.get(snapshot);
  if (list === undefined) {
    list = readBlockList(cloud, snapshot);
    known.set(snapshot, list);
    list.catch(() => known.delete(snapshot));
  }
  return list;
}

async function readBlockList(
  { stateDir }: Cloud,
  snapshot: SnapshotRecord,
): Promise<readonly number[]> {
  const files = { stateDir, snapshot };
  const written = await writtenDigests(files);
  if (written !== undefined && snapshot.parentSnapshotId === undefined && !isCopy(snapshot)) {
    return [...written.keys()];
  }
  const all = new Set([...(written?.keys() ?? []), ...(await blocksWithData(files))]);
  return [...all].sort((one, other) => one - other);
}

/** Its source may have had a parent. */
function isCopy({ source }: SnapshotRecord): boolean {
  return source !== undefined;
}

/** The part of an ascending list that is within the two indexes; the second is not included. */
export function within(list: readonly number[], from: number, to: number): readonly number[] {
  return list.slice(firstAtLeast(list, from), firstAtLeast(list, to));
}

function firstAtLeast(list: readonly number[], index: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}
