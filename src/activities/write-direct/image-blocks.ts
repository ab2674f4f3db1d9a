/** Cuts the raw image into blocks: hashes the whole, and hands in those with a byte that is not zero. */

import { createHash } from 'node:crypto';
import type { BlockPlace } from '../../aws/ebs/block-slots.js';
import { BLOCK_BYTES, isBlank, sha256 } from '../../aws/ebs/blocks.js';
import type { BlockWriter } from '../../aws/ebs/put-blocks.js';
import type { StreamedImage } from '../../model/progress/heartbeat.js';

export class ImageBlocks {
  readonly #writer: BlockWriter;
  /** EBS has the blocks before this index from an earlier attempt. */
  readonly #from: number;
  readonly #raw = createHash('sha256');
  /** Of the checksums of the written blocks (EBS direct APIs reference, CompleteSnapshot: LINEAR). */
  readonly #linear = createHash('sha256');
  /** Of the block that is being filled. */
  #place: BlockPlace | undefined;
  #filled = 0;
  #index = 0;
  #blocks = 0;
  #bytes = 0;

  constructor(writer: BlockWriter, from: number) {
    this.#writer = writer;
    this.#from = from;
  }

  /** How many raw bytes were taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when there is room for more. */
  async take(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.#place ??= await this.#writer.place();
      const copied = bytes.copy(this.#place.data, this.#filled, at);
      at += copied;
      this.#filled += copied;
      this.#bytes += copied;
      if (this.#filled === BLOCK_BYTES) this.#handIn(this.#place);
    }
  }

  /** Hands in the last block, filled up with zeros, and waits until EBS has all of them. */
  async finish(): Promise<Omit<StreamedImage, 'sha256'>> {
    if (this.#filled > 0 && this.#place !== undefined) this.#handIn(this.#place);
    this.close();
    await this.#writer.settled();
    return {
      rawSha256: this.#raw.digest('hex'),
      rawSizeBytes: this.#bytes,
      blocks: this.#blocks,
      checksum: this.#linear.digest('base64'),
    };
  }

  /** Gives the place free that a last block would have taken. */
  close(): void {
    this.#place?.release();
    this.#place = undefined;
  }

  #handIn(place: BlockPlace): void {
    const block = place.data;
    const index = this.#index;
    this.#raw.update(block.subarray(0, this.#filled));
    block.fill(0, this.#filled);
    this.#index += 1;
    this.#filled = 0;
    if (isBlank(block)) return this.#writer.skip(index);
    const digest = sha256(block);
    this.#linear.update(digest);
    this.#blocks += 1;
    if (index < this.#from) return this.#writer.skip(index);
    // The block takes its place with it.
    this.#place = undefined;
    this.#writer.put(index, place, digest);
  }
}
