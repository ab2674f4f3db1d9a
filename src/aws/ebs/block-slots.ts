/** How many blocks one worker has in its memory and sends or reads at a time, for all images of a region together. */

import type { Clock } from '../../model/clock.js';

/**
 * EBS user guide, "Optimize performance for EBS direct APIs": a call takes about 100 ms. With 64 calls at once the
 * worker reads or writes up to 320 MiB a second, and its blocks take 32 MiB of memory, however many images it writes.
 */
export const BLOCKS_AT_ONCE = 32;

/** EBS user guide, "Quotas for Amazon EBS": 1,000 PutSnapshotBlock and 1,000 GetSnapshotBlock calls a second, in an account and for a snapshot. */
const CALLS_PER_SECOND_MAX = 900;

export type BlockCall = 'put' | 'get';

/** Gives the place of one block free; may be called again. */
export type Release = () => void;

interface Waiter {
  readonly take: () => void;
}

export class BlockSlots {
  readonly #clock: Clock;
  #free = BLOCKS_AT_ONCE;
  readonly #waiting = new Set<Waiter>();
  /** When the next call of each kind may begin, by the elapsed time of the clock. */
  readonly #next: Record<BlockCall, number> = { put: 0, get: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A place for one more block; waits in the order of the calls. */
  async take(call: BlockCall, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    return this.#taken(call, signal);
  }

  /** As `take`; undefined where it would have to wait for a place. */
  async takeFree(call: BlockCall, signal: AbortSignal): Promise<Release | undefined> {
    signal.throwIfAborted();
    if (this.#free === 0) return undefined;
    this.#free -= 1;
    return this.#taken(call, signal);
  }

  async #taken(call: BlockCall, signal: AbortSignal): Promise<Release> {
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.#release();
      isHeld = false;
    };
    try {
      await this.#pace(call, signal);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter = {
        take: () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #release(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(first);
    first.take();
  }

  async #pace(call: BlockCall, signal: AbortSignal): Promise<void> {
    const now = this.#clock.elapsed();
    // A burst of a tenth of a second makes up for timers that are late.
    const begin = Math.max(this.#next[call], now - 100);
    this.#next[call] = begin + 1_000 / CALLS_PER_SECOND_MAX;
    if (begin > now + 1) await this.#clock.delay(begin - now, signal);
  }
}
