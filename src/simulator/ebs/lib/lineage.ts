/** Which snapshots descend from the same beginning. */

import { arbitraryVolumeId } from '../../ec2/lib/snapshot-copy.js';
import type { ServiceCall } from '../../service.js';
import type { SnapshotRecord } from '../../store/state.js';

/**
 * ListChangedBlocks: "of the same volume/snapshot lineage". EBS user guide, "Write Amazon EBS snapshots with EBS direct
 * APIs": a child belongs to its parent, and a snapshot of a volume to the snapshot that the volume was made from. A copy
 * in another region begins a lineage of its own.
 */
export function areRelated(call: ServiceCall, one: SnapshotRecord, other: SnapshotRecord): boolean {
  return rootOf(call, one) === rootOf(call, other);
}

/** The oldest ancestor that is known: a snapshot or a volume. */
function rootOf({ cloud, region }: ServiceCall, snapshot: SnapshotRecord): string {
  const seen = new Set<string>();
  let at = snapshot;
  for (;;) {
    seen.add(at.id);
    const volumeId = at.volumeId === arbitraryVolumeId ? undefined : at.volumeId;
    const ofVolume =
      volumeId === undefined ? undefined : cloud.volumes.get(region, volumeId)?.snapshotId;
    const above = at.parentSnapshotId ?? (ofVolume === '' ? undefined : ofVolume);
    if (above === undefined || seen.has(above)) return volumeId ?? at.id;
    const record = cloud.snapshots.get(region, above);
    if (record === undefined) return above;
    at = record;
  }
}
