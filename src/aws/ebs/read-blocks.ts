/** Reads the written blocks of a completed snapshot, in the order of their indexes. */

import type { Block, ListSnapshotBlocksCommandOutput } from '@aws-sdk/client-ebs';
import { GetSnapshotBlockCommand, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { RegionAccess } from '../region-access.js';
import { untilVisible } from '../until-visible.js';
import type { Release } from './block-slots.js';
import { BLOCKS_AT_ONCE } from './block-slots.js';
import type { SnapshotBlock } from './blocks.js';
import { BLOCK_BYTES, sha256 } from './blocks.js';
import { isNotFound, snapshotLost, takesNoBlocks } from './direct-snapshot.js';

interface Ahead {
  readonly index: number;
  readonly data: Promise<Buffer>;
  readonly release: Release;
}

/** Reads ahead while there are places; a block has its place until the caller asks for the next one. */
export async function* readBlocks(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): AsyncGenerator<SnapshotBlock> {
  const ahead: Ahead[] = [];
  try {
    for await (const block of listBlocks(ec2, snapshotId, signal)) {
      let release = await freePlace(ec2, ahead, signal);
      while (release === undefined) {
        // To wait for a place with blocks in hand could stop all images: each would wait for the others.
        yield* first(ahead);
        release = await freePlace(ec2, ahead, signal);
      }
      const data = readBlock(ec2, snapshotId, block, signal);
      // A failure is thrown when its turn comes.
      data.catch(() => undefined);
      ahead.push({ index: block.BlockIndex ?? 0, data, release });
    }
    while (ahead.length > 0) yield* first(ahead);
  } finally {
    for (const { release } of ahead) release();
  }
}

async function freePlace(
  ec2: RegionAccess,
  ahead: readonly Ahead[],
  signal: AbortSignal,
): Promise<Release | undefined> {
  if (ahead.length === 0) return ec2.blockSlots.take('get', signal);
  if (ahead.length >= BLOCKS_AT_ONCE / 2) return undefined;
  return ec2.blockSlots.takeFree('get', signal);
}

async function* first(ahead: Ahead[]): AsyncGenerator<SnapshotBlock> {
  const [block] = ahead;
  if (block === undefined) return;
  yield { index: block.index, data: await block.data };
  ahead.shift();
  block.release();
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

async function readBlock(
  ec2: RegionAccess,
  snapshotId: string,
  { BlockIndex, BlockToken }: Block,
  signal: AbortSignal,
): Promise<Buffer> {
  const { BlockData, Checksum } = await ec2.ebs.send(
    new GetSnapshotBlockCommand({ SnapshotId: snapshotId, BlockIndex, BlockToken }),
    { abortSignal: signal },
  );
  const bytes = (await BlockData?.transformToByteArray()) ?? new Uint8Array();
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.length === BLOCK_BYTES && sha256(data).toString('base64') === Checksum) return data;
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
