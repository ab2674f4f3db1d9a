/** The local cloud's time: what it is, and what happens later. All waiting goes through it, so closing ends it. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` after `delayMs` unless the clock is closed first or the returned function is called. */
  schedule(delayMs: number, action: () => void): () => void;
  /** Resolves after `delayMs`; at once, and early, when the clock closes. */
  sleep(delayMs: number): Promise<void>;
  /** Drops everything that is scheduled and wakes every sleeper. */
  close(): void;
}

/** setTimeout fires at once for delays beyond 2^31-1 ms, so longer ones are cut into steps. */
const longestTimerMs = 2_000_000_000;

export function createClock(): Clock {
  const timers = new Set<NodeJS.Timeout>();
  const sleepers = new Set<() => void>();
  let closed = false;

  function schedule(delayMs: number, action: () => void): () => void {
    const dueAt = Date.now() + Math.max(0, delayMs);
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      if (closed) return;
      const armed = setTimeout(
        () => {
          timers.delete(armed);
          if (Date.now() + 1 < dueAt) arm();
          else action();
        },
        Math.min(longestTimerMs, Math.max(0, dueAt - Date.now())),
      );
      timer = armed;
      timers.add(armed);
    };
    arm();
    return () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      timers.delete(timer);
    };
  }

  return {
    now: () => Date.now(),
    schedule,
    sleep: (delayMs) =>
      new Promise((resolve) => {
        if (closed) return resolve();
        const wake = (): void => {
          sleepers.delete(wake);
          cancel();
          resolve();
        };
        const cancel = schedule(delayMs, wake);
        sleepers.add(wake);
      }),
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const wake of [...sleepers]) wake();
    },
  };
}
