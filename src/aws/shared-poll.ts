/** One poller for all waits in a region: each round asks for all awaited ids in one call. */

import type { Clock } from '../model/clock.js';
import { classifyAwsError } from './errors.js';
import type { Hindrance, ObstacleSink } from './obstacles.js';
import { obstacleSink, reportingObstacles } from './obstacles.js';

export interface SharedPollOptions<T> {
  readonly clock: Clock;
  /** Between two rounds; doubled up to a minute while AWS throttles or is out of reach. */
  readonly intervalMs: number;
  /** The most ids that the API allows in one call. */
  readonly idsMax: number;
  /** A round fails after this, so that one hung socket does not stop all waits in the region. */
  readonly answerMsMax: number;
  /** The states of those ids that AWS lists. */
  describe(ids: readonly string[]): Promise<ReadonlyMap<string, T>>;
}

/** Returns the wait's result for a state, or undefined to wait on; throws to give up. */
export type Judge<T, R> = (state: T | undefined, missingMs: number) => R | undefined;

interface Waiter<T> {
  readonly id: string;
  missingSince: number | undefined;
  /** Of the attempt that waits. */
  readonly sink: ObstacleSink | undefined;
  /** True when the waiter is done. */
  look(state: T | undefined, missingMs: number): boolean;
  fail(error: unknown): void;
}

const INTERVAL_MS_MAX = 60_000;

export class SharedPoll<T> {
  readonly #options: SharedPollOptions<T>;
  readonly #waiters = new Set<Waiter<T>>();
  /** What holds up the rounds now. */
  readonly #obstacles = new Map<string, Hindrance>();
  #running = false;
  #wake: (() => void) | undefined;

  constructor(options: SharedPollOptions<T>) {
    this.#options = options;
  }

  /** Resolves with what `judge` returns; rejects with what it throws, or when `signal` aborts. */
  wait<R>(id: string, judge: Judge<T, R>, signal: AbortSignal): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const abort = () => settle(() => reject(signal.reason as Error));
      const waiter: Waiter<T> = {
        id,
        missingSince: undefined,
        sink: obstacleSink(),
        look: (state, missingMs) => {
          try {
            const result = judge(state, missingMs);
            if (result === undefined) return false;
            settle(() => resolve(result));
          } catch (error) {
            settle(() => reject(asError(error)));
          }
          return true;
        },
        fail: (error) => settle(() => reject(asError(error))),
      };
      const settle = (act: () => void) => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', abort);
        if (this.#waiters.size === 0) this.#wake?.();
        act();
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
      for (const [what, hindrance] of this.#obstacles) waiter.sink?.(what, hindrance);
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    let intervalMs = this.#options.intervalMs;
    // Waits that start together, such as those of four registrations, share the first round.
    await Promise.resolve();
    while (this.#waiters.size > 0) {
      try {
        await reportingObstacles(this.#report, () => this.#round());
        intervalMs = this.#options.intervalMs;
      } catch (error) {
        const kind = classifyAwsError(error)?.class;
        if (kind !== 'throttled' && kind !== 'unreachable') {
          for (const waiter of [...this.#waiters]) waiter.fail(error);
          break;
        }
        intervalMs = Math.min(intervalMs * 2, Math.max(INTERVAL_MS_MAX, this.#options.intervalMs));
        this.#announceNextTry(intervalMs);
      }
      if (this.#waiters.size > 0) await this.#sleep(intervalMs);
    }
    this.#running = false;
    // A wait may have been added since the last check of the loop.
    if (this.#waiters.size > 0) void this.#run();
  }

  async #round(): Promise<void> {
    const asked = [...this.#waiters];
    const ids = [...new Set(asked.map(({ id }) => id))];
    for (let from = 0; from < ids.length; from += this.#options.idsMax) {
      const chunk = ids.slice(from, from + this.#options.idsMax);
      const states = await bounded(this.#options.describe(chunk), this.#options.answerMsMax);
      const now = this.#options.clock.elapsed();
      for (const waiter of asked.filter(({ id }) => chunk.includes(id))) {
        const state = states.get(waiter.id);
        waiter.missingSince = state === undefined ? (waiter.missingSince ?? now) : undefined;
        waiter.look(state, waiter.missingSince === undefined ? 0 : now - waiter.missingSince);
      }
    }
  }

  /** The round runs for all waits, so all of them learn what holds it up. */
  readonly #report: ObstacleSink = (what, hindrance) => {
    if (hindrance !== undefined) this.#obstacles.set(what, hindrance);
    else if (!this.#obstacles.delete(what)) return;
    for (const { sink } of this.#waiters) sink?.(what, hindrance);
  };

  #announceNextTry(inMs: number): void {
    const nextTryAt = new Date(Date.now() + inMs).toISOString();
    for (const [what, hindrance] of this.#obstacles)
      this.#report(what, { ...hindrance, nextTryAt });
  }

  async #sleep(intervalMs: number): Promise<void> {
    const controller = new AbortController();
    this.#wake = () => controller.abort();
    await this.#options.clock.delay(intervalMs, controller.signal).catch(() => undefined);
    this.#wake = undefined;
  }
}

/** On real time, as all time-outs of requests. */
async function bounded<T>(asked: Promise<T>, boundMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = Object.assign(new Error(`no answer within ${boundMs} ms`), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(error), boundMs);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
