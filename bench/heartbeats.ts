/** Counts the heartbeats that reach Temporal in a run whose waits take no real time. */

import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { beatIntervalMs } from '../src/model/progress/heartbeat.js';
import type { VirtualClock } from '../test/support/virtual-clock.js';

/** As `open-worker.ts` sets it: the SDK sends one heartbeat in this time, at most. */
const THROTTLE_MS = 2_000;

interface Attempt {
  readonly activity: string;
  readonly startMs: number;
  readonly intervalMs: number;
  /** When the attempt itself sent one, by the virtual clock. */
  readonly sentMs: number[];
  endMs: number;
}

/**
 * An attempt sends heartbeats at once, for its start and its reports, and others by a timer. The timer goes by real
 * time and does not fire in a run of seconds, so its heartbeats are added here for the virtual time of the attempt.
 */
export class HeartbeatCount {
  readonly #attempts: Attempt[] = [];
  #clock: VirtualClock | undefined;

  attach(clock: VirtualClock): void {
    this.#clock = clock;
  }

  readonly interceptor: ActivityInterceptorsFactory = (context) => ({
    inbound: {
      execute: async (input, next) => {
        const clock = this.#clock;
        if (clock === undefined) return next(input);
        const startMs = clock.elapsed();
        const intervalMs = beatIntervalMs(context.info.heartbeatTimeoutMs);
        const sentMs: number[] = [];
        const activity = context.info.activityType;
        const attempt: Attempt = { activity, startMs, intervalMs, sentMs, endMs: startMs };
        this.#attempts.push(attempt);
        const send = context.heartbeat.bind(context);
        const counted = (details: unknown): void => {
          sentMs.push(clock.elapsed());
          send(details);
        };
        Object.defineProperty(context, 'heartbeat', { value: counted, writable: true });
        try {
          return await next(input);
        } finally {
          attempt.endMs = clock.elapsed();
        }
      },
    },
  });

  /** By activity. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const attempt of this.#attempts) {
      counts.set(attempt.activity, (counts.get(attempt.activity) ?? 0) + recorded(attempt));
    }
    return counts;
  }
}

/** How many requests the SDK makes of them: those within the throttle are put together. */
function recorded({ startMs, endMs, intervalMs, sentMs }: Attempt): number {
  const all: number[] = [];
  let lastMs = startMs;
  // Each heartbeat starts the timer again.
  const timerUntil = (atMs: number): void => {
    for (lastMs += intervalMs; lastMs < atMs; lastMs += intervalMs) all.push(lastMs);
    lastMs = atMs;
  };
  for (const atMs of sentMs) {
    timerUntil(atMs);
    all.push(atMs);
  }
  timerUntil(endMs);
  let count = 0;
  /** Until then the SDK sends no other; one that comes meanwhile is sent at its end. */
  let throttledUntilMs = -Infinity;
  let isHeldBack = false;
  const passUntil = (atMs: number): void => {
    while (isHeldBack && throttledUntilMs <= atMs) {
      count += 1;
      throttledUntilMs += THROTTLE_MS;
      isHeldBack = false;
    }
  };
  for (const atMs of all) {
    passUntil(atMs);
    if (atMs < throttledUntilMs) {
      isHeldBack = true;
      continue;
    }
    count += 1;
    throttledUntilMs = atMs + THROTTLE_MS;
  }
  passUntil(endMs);
  return count;
}
