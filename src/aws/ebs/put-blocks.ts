/** Writes blocks to a snapshot, many at a time, each with its checksum. */

import { setMaxListeners } from 'node:events';
import { PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import type { RegionAccess } from '../region-access.js';
import { untilVisible } from '../until-visible.js';
import type { BlockPlace } from './block-slots.js';
import { BLOCK_BYTES } from './blocks.js';
import { isNotFound, snapshotLost, takesNoBlocks } from './direct-snapshot.js';

/** EBS refuses the block because the snapshot is not pending any more. */
export class NotPendingError extends Error {
  override readonly name = 'NotPendingError';
}

export class BlockWriter {
  readonly #ec2: RegionAccess;
  readonly #snapshotId: string;
  /** Called for each block that EBS has taken. */
  readonly #onWritten: () => void;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** The blocks that are on their way. */
  readonly #underWay = new Map<number, Promise<void>>();
  #failure: unknown;
  /** Every block before it has been handed in, or is blank. */
  #end = 0;

  constructor(
    ec2: RegionAccess,
    snapshotId: string,
    signal: AbortSignal,
    onWritten: () => void = () => undefined,
  ) {
    this.#ec2 = ec2;
    this.#onWritten = onWritten;
    this.#snapshotId = snapshotId;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    // Each call adds a listener, and Node warns above ten.
    setMaxListeners(0, this.#signal);
  }

  /** EBS has every block before this index. */
  get through(): number {
    // A map keeps the order of its entries, and blocks are handed in by ascending index.
    const [first] = this.#underWay.keys();
    return first ?? this.#end;
  }

  /** A place for the next block; waits while blocks that are on their way take all places. */
  async place(): Promise<BlockPlace> {
    this.#throwFailure();
    try {
      return await this.#ec2.blockSlots.take(this.#signal);
    } catch (error) {
      this.#throwFailure();
      throw error;
    }
  }

  /** Sends the block on its way, and gives its place free behind it. Indexes ascend. */
  put(index: number, place: BlockPlace, digest: Buffer): void {
    const written = this.#send(index, place.data, digest.toString('base64'))
      .then(
        () => {
          this.#underWay.delete(index);
          this.#onWritten();
        },
        // It stays under way: EBS may not have it.
        (error: unknown) => this.#fail(error),
      )
      .finally(() => place.release());
    this.#underWay.set(index, written);
    this.#end = index + 1;
  }

  /** The block need not be written: it is blank, or EBS has it. */
  skip(index: number): void {
    this.#end = index + 1;
  }

  /** Resolves when EBS has all blocks; rejects with the first failure. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
    this.#throwFailure();
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#underWay.values());
  }

  async #send(index: number, data: Buffer, checksum: string): Promise<void> {
    const ec2 = this.#ec2;
    await ec2.blockSlots.pace('put', this.#signal);
    let notFound: unknown;
    // EBS may not know a new snapshot yet.
    const look = async (): Promise<true | undefined> => {
      try {
        await ec2.ebs.send(
          new PutSnapshotBlockCommand({
            SnapshotId: this.#snapshotId,
            BlockIndex: index,
            BlockData: data,
            DataLength: BLOCK_BYTES,
            Checksum: checksum,
            ChecksumAlgorithm: 'SHA256',
          }),
          { abortSignal: this.#signal },
        );
        return true;
      } catch (error) {
        if (takesNoBlocks(error)) {
          throw new NotPendingError((error as Error).message, { cause: error });
        }
        if (!isNotFound(error)) throw error;
        notFound = error;
        return undefined;
      }
    };
    const isWritten = await untilVisible(ec2, look, { signal: this.#signal });
    if (isWritten !== true) throw snapshotLost(ec2, `snapshot ${this.#snapshotId}`, notFound);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#stop.abort();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure as Error;
  }
}
