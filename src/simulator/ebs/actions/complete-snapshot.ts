/** CompleteSnapshot: no more blocks; the snapshot is checked and sealed. */

import { snapshotStatus } from '../../ec2/lib/snapshot-state.js';
import { Members } from '../../members.js';
import type { ServiceCall } from '../../service.js';
import type { SnapshotRecord } from '../../store/state.js';
import { sha256, writtenDigests } from '../lib/block-files.js';
import {
  findOwnSnapshot,
  isPending,
  isWritable,
  notFound,
  notPending,
} from '../lib/find-snapshot.js';
import { checksum, checksumAlgorithm, snapshotId } from '../lib/model.js';
import { seal } from '../lib/pending-writes.js';

interface Claim {
  readonly blockCount: number;
  readonly checksum: string | undefined;
}

export async function completeSnapshot(call: ServiceCall): Promise<unknown> {
  const { cloud, region } = call;
  const members = Members.of(call.json);
  const id = members.requiredText('SnapshotId', snapshotId);
  const claim = {
    blockCount: members.requiredNumber('ChangedBlocksCount', { min: 0 }),
    checksum: members.text('Checksum', checksum),
  };
  members.text('ChecksumAlgorithm', checksumAlgorithm);
  members.text('ChecksumAggregationMethod', { oneOf: ['LINEAR'] });
  members.check();
  const snapshot = findOwnSnapshot(call, id);
  if (!isStarted(snapshot) || !isPending(call, snapshot)) throw notPending(call, snapshot);
  if (isWritable(snapshot)) {
    await seal(snapshot);
    const problem = await problemOf(call, snapshot, claim);
    if (cloud.snapshots.get(region, id) !== snapshot) throw notFound(id);
    // A second CompleteSnapshot may have come this far before.
    if (isWritable(snapshot)) finish(call, snapshot, problem);
  }
  // "Starts an asynchronous workflow that seals the snapshot": what it finds wrong is seen in the snapshot's state.
  const status = snapshotStatus(snapshot, cloud.clock.now());
  return { Status: status === 'error' ? 'pending' : status };
}

/** By StartSnapshot, and not by CreateSnapshot or CopySnapshot. */
function isStarted(snapshot: SnapshotRecord): boolean {
  return snapshot.writing !== undefined || snapshot.started === true;
}

function finish({ cloud }: ServiceCall, snapshot: SnapshotRecord, problem?: string): void {
  delete snapshot.writing;
  const sealedAt = cloud.clock.now() + cloud.latency.draw('snapshotSealing');
  snapshot.completesAt = Math.max(snapshot.completesAt, sealedAt);
  if (problem !== undefined) snapshot.failed ??= problem;
  cloud.snapshots.put(snapshot);
}

/**
 * What does not fit the blocks that were written. CompleteSnapshot: "arrange the checksums for each written block in
 * ascending order of their block index, concatenate them to form a single string, and then generate the checksum on the
 * entire string". The string is that of the 32 bytes each, as coldsnap makes it, not of their Base64.
 */
async function problemOf(
  { cloud }: ServiceCall,
  snapshot: SnapshotRecord,
  claim: Claim,
): Promise<string | undefined> {
  const digests = await writtenDigests({ stateDir: cloud.stateDir, snapshot });
  const written = [...(digests?.values() ?? [])];
  if (written.length !== claim.blockCount) {
    return `The snapshot has ${written.length} written blocks; the request to complete it has ${claim.blockCount}.`;
  }
  const aggregated = sha256(Buffer.concat(written)).toString('base64');
  if (claim.checksum === undefined || claim.checksum === aggregated) return undefined;
  return 'The checksum of the snapshot does not match the checksum of the request to complete it.';
}
