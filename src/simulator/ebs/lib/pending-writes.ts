/** The writes of blocks that are under way, so that a snapshot is sealed with them and not before them. */

import type { SnapshotRecord } from '../../store/state.js';

const underWay = new WeakMap<SnapshotRecord, Map<number, Promise<void>>>();
const sealing = new WeakSet<SnapshotRecord>();

/** Runs the write after an earlier one to the same block. */
export async function writeInTurn(
  snapshot: SnapshotRecord,
  index: number,
  write: () => Promise<void>,
): Promise<void> {
  let writes = underWay.get(snapshot);
  if (writes === undefined) underWay.set(snapshot, (writes = new Map<number, Promise<void>>()));
  const earlier = writes.get(index) ?? Promise.resolve();
  const written = earlier.then(write, write);
  writes.set(index, written);
  try {
    await written;
  } finally {
    if (writes.get(index) === written) writes.delete(index);
  }
}

/** Refuses writes from now on, and resolves once those that were under way have ended. */
export async function seal(snapshot: SnapshotRecord): Promise<void> {
  sealing.add(snapshot);
  await Promise.allSettled([...(underWay.get(snapshot)?.values() ?? [])]);
}

export function isSealing(snapshot: SnapshotRecord): boolean {
  return sealing.has(snapshot);
}
