/** PutSnapshotBlock: writes one block of a snapshot that StartSnapshot has begun. */

import { Members } from '../../members.js';
import type { ServiceCall } from '../../service.js';
import { invalid } from '../errors.js';
import { sha256, writeBlock } from '../lib/block-files.js';
import type { WritableSnapshot } from '../lib/find-snapshot.js';
import { findWritableSnapshot, isWritable, notFound, notPending } from '../lib/find-snapshot.js';
import { blockBytes, blocksOf, checksum, checksumAlgorithm, snapshotId } from '../lib/model.js';
import { isSealing, writeInTurn } from '../lib/pending-writes.js';

interface Input {
  readonly id: string;
  readonly index: number;
  readonly checksum: string;
  readonly progress: number | undefined;
}

export async function putSnapshotBlock(call: ServiceCall): Promise<unknown> {
  const { cloud } = call;
  const input = readInput(call);
  const snapshot = findWritableSnapshot(call, input.id);
  if (isSealing(snapshot)) throw notPending(call, snapshot);
  if (input.index >= blocksOf(snapshot)) {
    throw invalid(
      'INVALID_BLOCK',
      `The block ${input.index} is behind the end of the snapshot: it has ${blocksOf(snapshot)} blocks.`,
    );
  }
  const { data, digest } = readData(call, input);
  const files = { stateDir: cloud.stateDir, snapshot };
  // The time-out is counted from here, also for a write that takes long.
  touch(call, snapshot, input.progress);
  await writeInTurn(snapshot, input.index, async () => {
    if (cloud.snapshots.get(call.region, input.id) !== snapshot) throw notFound(input.id);
    await writeBlock(files, input.index, { data, digest });
  });
  if (cloud.snapshots.get(call.region, input.id) !== snapshot) throw notFound(input.id);
  return { Checksum: digest.toString('base64'), ChecksumAlgorithm: 'SHA256' };
}

function readInput(call: ServiceCall): Input {
  const members = Members.of(call.json);
  const input = {
    id: members.requiredText('SnapshotId', snapshotId),
    index: members.integer('BlockIndex', { min: 0 }) ?? 0,
    checksum: members.requiredText('Checksum', checksum),
    progress: members.integer('Progress', { min: 0, max: 100 }),
  };
  const length = members.integer('DataLength');
  members.requiredText('ChecksumAlgorithm', checksumAlgorithm);
  members.check();
  if (length !== blockBytes) {
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      `The data length must be ${blockBytes} bytes; the request has ${length ?? 'none'}.`,
    );
  }
  return input;
}

function readData(call: ServiceCall, input: Input): { data: Buffer; digest: Buffer } {
  const data = call.bytes ?? Buffer.alloc(0);
  if (data.length !== blockBytes) {
    // As in nanovms/ops#1268: the message of a body that is not whole.
    throw invalid('INVALID_PARAMETER_VALUE', 'Failed to read block data');
  }
  const digest = sha256(data);
  if (digest.toString('base64') !== input.checksum) {
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      'The checksum of the block data does not match the checksum of the request.',
    );
  }
  return { data, digest };
}

function touch(
  { cloud }: ServiceCall,
  snapshot: WritableSnapshot,
  progress: number | undefined,
): void {
  if (!isWritable(snapshot)) return;
  snapshot.writing = {
    ...snapshot.writing,
    expiresAt: cloud.clock.now() + snapshot.writing.timeoutMs,
    ...(progress === undefined ? {} : { progress }),
  };
  cloud.snapshots.put(snapshot);
}
