/** Reads the written blocks of a completed snapshot, in the order of their indexes. */

import type { Block, ListSnapshotBlocksCommandOutput } from '@aws-sdk/client-ebs';
import { GetSnapshotBlockCommand, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { RegionAccess } from '../region-access.js';
import { untilVisible } from '../until-visible.js';
import type { BlockPlace } from './block-slots.js';
import { BLOCKS_AT_ONCE } from './block-slots.js';
import type { SnapshotBlock } from './blocks.js';
import { BLOCK_BYTES, sha256 } from './blocks.js';
import { isNotFound, snapshotLost, takesNoBlocks } from './direct-snapshot.js';

interface Ahead {
  readonly index: number;
  readonly place: BlockPlace;
  /** Resolves when the block is in its place. */
  readonly read: Promise<void>;
}

/** Reads ahead while there are places; a block is there until the caller asks for the next one. */
export async function* readBlocks(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): AsyncGenerator<SnapshotBlock> {
  const ahead: Ahead[] = [];
  try {
    for await (const block of listBlocks(ec2, snapshotId, signal)) {
      let place = freePlace(ec2, ahead);
      while (place === undefined && ahead.length > 0) {
        // To wait for a place with blocks in hand could stop all images: each would wait for the others.
        yield* first(ahead);
        place = freePlace(ec2, ahead);
      }
      place ??= await ec2.blockSlots.take(signal);
      const read = readBlock(ec2, { snapshotId, block, into: place.data }, signal);
      // A failure is thrown when its turn comes.
      read.catch(() => undefined);
      ahead.push({ index: block.BlockIndex ?? 0, place, read });
    }
    while (ahead.length > 0) yield* first(ahead);
  } finally {
    // A place whose block is still on its way must not be filled by another one.
    for (const { place, read } of ahead)
      void read.finally(() => place.release()).catch(() => undefined);
  }
}

/** Half of the places are left to other images. */
function freePlace(ec2: RegionAccess, ahead: readonly Ahead[]): BlockPlace | undefined {
  return ahead.length >= BLOCKS_AT_ONCE / 2 ? undefined : ec2.blockSlots.takeFree();
}

async function* first(ahead: Ahead[]): AsyncGenerator<SnapshotBlock> {
  const [block] = ahead;
  if (block === undefined) return;
  await block.read;
  yield { index: block.index, data: block.place.data };
  ahead.shift();
  block.place.release();
}

async function* listBlocks(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): AsyncGenerator<Block> {
  let token: string | undefined;
  do {
    const page = await listPage(ec2, snapshotId, token, signal);
    yield* page.Blocks ?? [];
    token = page.NextToken;
  } while (token !== undefined);
}

/** EC2 may list a snapshot as completed before EBS lets it be read. */
async function listPage(
  ec2: RegionAccess,
  snapshotId: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<ListSnapshotBlocksCommandOutput> {
  let refusal: unknown;
  const look = async (): Promise<ListSnapshotBlocksCommandOutput | undefined> => {
    try {
      return await ec2.ebs.send(
        new ListSnapshotBlocksCommand({
          SnapshotId: snapshotId,
          ...(token === undefined ? {} : { NextToken: token }),
        }),
        { abortSignal: signal },
      );
    } catch (error) {
      if (!isNotFound(error) && !takesNoBlocks(error)) throw error;
      refusal = error;
      return undefined;
    }
  };
  const page = await untilVisible(ec2, look, { signal });
  if (page === undefined) throw snapshotLost(ec2, `snapshot ${snapshotId}`, refusal);
  return page;
}

interface Wanted {
  readonly snapshotId: string;
  readonly block: Block;
  readonly into: Buffer;
}

async function readBlock(
  ec2: RegionAccess,
  { snapshotId, block, into }: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const { BlockIndex, BlockToken } = block;
  await ec2.blockSlots.pace('get', signal);
  const { BlockData, Checksum } = await ec2.ebs.send(
    new GetSnapshotBlockCommand({ SnapshotId: snapshotId, BlockIndex, BlockToken }),
    { abortSignal: signal },
  );
  let filled = 0;
  // As a stream: a whole answer would be another half MiB of memory a block.
  for await (const piece of (BlockData ?? []) as AsyncIterable<Buffer>) {
    if (filled + piece.length > BLOCK_BYTES) filled = Infinity;
    else filled += piece.copy(into, filled);
  }
  if (filled === BLOCK_BYTES && sha256(into).toString('base64') === Checksum) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `block ${BlockIndex} of ${snapshotId} in ${ec2.name} did not arrive as EBS sent it`,
    {
      code: 'block-damaged',
      class: 'unreachable',
      next: 'The snapshot is read again; if this repeats, check the network of the worker.',
      region: ec2.name,
      resource: snapshotId,
    },
  );
}
