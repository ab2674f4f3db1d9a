/** One poller for all waits of a kind in a region: each round asks for all awaited ids in one call. */

import type { Clock } from '../model/clock.js';
import { classifyAwsError } from './errors.js';
import type { LookTimes, WaitKind } from './look-times.js';
import type { Hindrance, ObstacleSink } from './obstacles.js';
import { obstacleSink, reportingObstacles } from './obstacles.js';

export interface SharedPollOptions<T> {
  readonly clock: Clock;
  /** When rounds are due. The least time between two is doubled, up to a minute, while AWS throttles or is out of reach. */
  readonly times: LookTimes;
  /** The most ids that the API allows in one call. */
  readonly idsMax: number;
  /** A round fails after this, so that one hung socket does not stop all waits in the region. */
  readonly answerMsMax: number;
  /** The states of those ids that AWS lists. */
  describe(ids: readonly string[]): Promise<ReadonlyMap<string, T>>;
}

/** Returns the wait's result for a state, or undefined to wait on; throws to give up. */
export type Judge<T, R> = (state: T | undefined, missingMs: number) => R | undefined;

/** What is known about a wait before its first look, and what its states say about its end. */
export interface Expectation<T> {
  readonly kind: WaitKind;
  /** How long it takes, where the caller knows it. */
  readonly expectedMs?: number;
  /** As AWS reports it: the percentage is a whole number. */
  progressOf?(state: T): Progress;
}

export interface Progress {
  readonly percent: number | undefined;
  /** By AWS's clock. An earlier attempt may have begun it. */
  readonly startedAt?: Date | undefined;
}

const AT_ONCE = { kind: 'now' } as const;

interface Waiter<T> {
  readonly id: string;
  readonly expectation: Expectation<T>;
  readonly beganMs: number;
  /** When the next look is due. */
  dueMs: number;
  percent: number | undefined;
  stillLooks: number;
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
  wait<R>(
    id: string,
    judge: Judge<T, R>,
    signal: AbortSignal,
    expectation: Expectation<T> = AT_ONCE,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const abort = () => settle(() => reject(signal.reason as Error));
      const { clock, times } = this.#options;
      const beganMs = clock.elapsed();
      const { kind, expectedMs } = expectation;
      const waiter: Waiter<T> = {
        ...{ id, expectation, beganMs },
        dueMs: beganMs + times.firstMs(kind, expectedMs),
        percent: undefined,
        stillLooks: 0,
        missingSince: undefined,
        sink: obstacleSink(),
        look: (state, missingMs) => {
          try {
            const result = judge(state, missingMs);
            if (result === undefined) return false;
            times.ended(kind, clock.elapsed() - beganMs);
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
        this.#wake?.();
        act();
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
      for (const [what, hindrance] of this.#obstacles) waiter.sink?.(what, hindrance);
      this.#wake?.();
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    const { clock, times } = this.#options;
    let pauseMs = times.intervalMs;
    let openMs = -Infinity;
    // Waits that start together, such as those of four registrations, share the first round.
    await Promise.resolve();
    while (this.#waiters.size > 0) {
      const dueMs = Math.max(openMs, Math.min(...[...this.#waiters].map((one) => one.dueMs)));
      const restMs = dueMs - clock.elapsed();
      if (restMs > 0) {
        // A new wait may be due sooner, and one that ends may have been the only one.
        await this.#sleep(restMs);
        continue;
      }
      try {
        await reportingObstacles(this.#report, () => this.#round());
        pauseMs = times.intervalMs;
      } catch (error) {
        const kind = classifyAwsError(error)?.class;
        if (kind !== 'throttled' && kind !== 'unreachable') {
          for (const waiter of [...this.#waiters]) waiter.fail(error);
          break;
        }
        pauseMs = Math.min(pauseMs * 2, Math.max(INTERVAL_MS_MAX, times.intervalMs));
        this.#announceNextTry(pauseMs);
      }
      openMs = clock.elapsed() + pauseMs;
    }
    this.#running = false;
    // A wait may have been added since the last check of the loop.
    if (this.#waiters.size > 0) void this.#run();
  }

  /** All that is awaited is asked for, also what is not due yet: the call is the same. */
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
        this.#plan(waiter, state, now);
      }
    }
  }

  #plan(waiter: Waiter<T>, state: T | undefined, nowMs: number): void {
    const { clock, times } = this.#options;
    const { beganMs, expectation } = waiter;
    const progress = state === undefined ? undefined : expectation.progressOf?.(state);
    const { percent, startedAt } = progress ?? { percent: undefined };
    const isStill = percent !== undefined && percent === waiter.percent;
    waiter.stillLooks = isStill ? waiter.stillLooks + 1 : 0;
    waiter.percent = percent;
    const sinceStartMs = startedAt === undefined ? 0 : clock.now() - startedAt.getTime();
    const elapsedMs = Math.max(nowMs - beganMs, sinceStartMs);
    const { stillLooks } = waiter;
    const { kind } = expectation;
    waiter.dueMs = nowMs + times.nextMs({ kind, elapsedMs, percent, stillLooks });
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
