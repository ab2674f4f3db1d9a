/** The blocks that one worker has in its memory, and the calls about them, for all images of a region together. */

import type { Clock } from '../../model/clock.js';
import { BLOCK_BYTES } from './blocks.js';

/**
 * EBS user guide, "Optimize performance for EBS direct APIs": a call takes about 100 ms. With 32 calls at once the
 * worker reads or writes up to 160 MiB a second, and its blocks take 16 MiB of memory, however many images it writes.
 */
export const BLOCKS_AT_ONCE = 32;

/** EBS user guide, "Quotas for Amazon EBS": 1,000 PutSnapshotBlock and 1,000 GetSnapshotBlock calls a second, in an account and for a snapshot. */
const CALLS_PER_SECOND_MAX = 900;

export type BlockCall = 'put' | 'get';

/** A place in memory for one block. */
export interface BlockPlace {
  /** Of the length of a block, with whatever it held before. */
  readonly data: Buffer;
  /** Gives the place to the next block; may be called again. */
  release(): void;
}

export class BlockSlots {
  readonly #clock: Clock;
  #free = BLOCKS_AT_ONCE;
  /** Memory of places that are free: each place is allocated when it is first needed. */
  readonly #spare: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  /** When the next call of each kind may begin, by the elapsed time of the clock. */
  readonly #next: Record<BlockCall, number> = { put: 0, get: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A place for one more block; waits in the order of the calls. */
  async take(signal: AbortSignal): Promise<BlockPlace> {
    signal.throwIfAborted();
    const place = this.takeFree();
    if (place !== undefined) return place;
    await this.#turn(signal);
    return this.#place();
  }

  /** As `take`; undefined where it would have to wait. */
  takeFree(): BlockPlace | undefined {
    if (this.#free === 0) return undefined;
    this.#free -= 1;
    return this.#place();
  }

  /** Resolves when a call of this kind may be made without exceeding its rate. */
  async pace(call: BlockCall, signal: AbortSignal): Promise<void> {
    const now = this.#clock.elapsed();
    // A burst of a tenth of a second makes up for timers that are late.
    const begin = Math.max(this.#next[call], now - 100);
    this.#next[call] = begin + 1_000 / CALLS_PER_SECOND_MAX;
    if (begin > now + 1) await this.#clock.delay(begin - now, signal);
  }

  #place(): BlockPlace {
    const data = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#spare.push(data);
      this.#release();
    };
    return { data, release };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(take);
        reject(signal.reason as Error);
      };
      const take = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(take);
    });
  }

  #release(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(first);
    first();
  }
}
