/** One time for the publisher and the local cloud, which jumps to the next wait that ends while all work rests. */

import type { Clock } from '../../src/model/clock.js';
import type { TimeSource } from '../../src/simulator/index.js';

interface Timer {
  /** By `elapsed`. */
  readonly atMs: number;
  readonly action: () => void;
  /** The publisher waits for it; a timer of the cloud alone is not worth a jump. */
  readonly isAwaited: boolean;
}

/**
 * A request from the publisher to the cloud and its answer take a few turns of the event loop, in which no work
 * holds the clock yet.
 */
const QUIET_TURNS = 24;
const QUIET_MS = 2;

export interface VirtualClockOptions {
  readonly jumps: boolean;
  /** Time passes only in jumps: what this machine needs for its work counts for nothing. For benchmarks. */
  readonly isFrozen?: boolean;
  /** Work of the publisher that does not hold the clock is under way. */
  readonly isBusy?: () => boolean;
}

/**
 * Runs as fast as real time. With `jumps`, faster where the publisher only waits: then it never jumps while work
 * holds it (the cloud answers, a guest runs), and never past a timer.
 */
export class VirtualClock implements Clock, TimeSource {
  readonly #jumps: boolean;
  readonly #isFrozen: boolean;
  readonly #isBusy: () => boolean;
  readonly #beganMs = { now: Date.now(), elapsed: performance.now() };
  #aheadMs = 0;
  readonly #timers = new Set<Timer>();
  #holds = 0;
  /** Counts all that happens, so that a look for quiet notices it. */
  #events = 0;
  #isLooking = false;
  #alarm: NodeJS.Timeout | undefined;

  constructor({ jumps, isFrozen = false, isBusy = () => false }: VirtualClockOptions) {
    this.#jumps = jumps;
    this.#isFrozen = isFrozen;
    this.#isBusy = isBusy;
  }

  /** Lets `ms` pass at once, with all that ends in them. */
  advance(ms: number): void {
    this.#aheadMs += ms;
    this.#runDue();
  }

  now(): number {
    return Math.round((this.#isFrozen ? this.#beganMs.now : Date.now()) + this.#aheadMs);
  }

  elapsed(): number {
    return (this.#isFrozen ? this.#beganMs.elapsed : performance.now()) + this.#aheadMs;
  }

  delay(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(abortError(signal));
      const abort = (): void => {
        cancel();
        if (signal !== undefined) reject(abortError(signal));
      };
      const cancel = this.#add(ms, true, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  schedule(delayMs: number, action: () => void): () => void {
    return this.#add(delayMs, false, action);
  }

  hold(): () => void {
    this.#events += 1;
    this.#holds += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds -= 1;
      this.#changed();
    };
  }

  #add(ms: number, isAwaited: boolean, action: () => void): () => void {
    const timer = { atMs: this.elapsed() + Math.max(0, ms), action, isAwaited };
    this.#timers.add(timer);
    this.#changed();
    return () => {
      if (this.#timers.delete(timer)) this.#changed();
    };
  }

  #changed(): void {
    this.#events += 1;
    this.#arm();
    if (!this.#isLooking && this.#mayJump()) void this.#jumpWhenQuiet();
  }

  #mayJump(): boolean {
    if (!this.#jumps || this.#holds > 0) return false;
    return [...this.#timers].some(({ isAwaited }) => isAwaited);
  }

  async #jumpWhenQuiet(): Promise<void> {
    this.#isLooking = true;
    while (this.#mayJump()) {
      const events = this.#events;
      await turns(QUIET_TURNS);
      if (events !== this.#events) continue;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      await turns(QUIET_TURNS);
      if (events !== this.#events || !this.#mayJump() || this.#isBusy()) continue;
      this.#aheadMs += Math.max(0, this.#nextMs() - this.elapsed());
      this.#runDue();
    }
    this.#isLooking = false;
  }

  #nextMs(): number {
    return Math.min(...[...this.#timers].map(({ atMs }) => atMs));
  }

  #runDue(): void {
    const nowMs = this.elapsed();
    const due = [...this.#timers]
      .filter(({ atMs }) => atMs <= nowMs)
      .sort((one, other) => one.atMs - other.atMs);
    for (const timer of due) {
      // An earlier action may have cancelled it.
      if (this.#timers.delete(timer)) timer.action();
    }
    this.#changed();
  }

  /** Timers end in real time, too: while work holds the clock, time goes on. */
  #arm(): void {
    clearTimeout(this.#alarm);
    if (this.#timers.size === 0 || this.#isFrozen) return;
    const inMs = Math.max(0, this.#nextMs() - this.elapsed());
    this.#alarm = setTimeout(() => this.#runDue(), Math.min(Math.ceil(inMs), TIMER_MS_MAX));
  }
}

/** Longer ones fire at once (Node's setTimeout). */
const TIMER_MS_MAX = 2 ** 31 - 1;

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
