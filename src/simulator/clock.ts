/** The local cloud's time. All waiting goes through it, so closing it ends every wait. */

/** Where time comes from: the system by default, or a clock that a test drives. */
export interface TimeSource {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` after `delayMs`; the answer cancels it. */
  schedule(delayMs: number, action: () => void): () => void;
  /** Work is in progress: until the answer is called time runs as the system's does, and must not jump. */
  hold(): () => void;
}

/** One piece of work during which time must not jump. */
export interface Hold {
  /** Safe to repeat. */
  release(): void;
  /** Lets time jump until `waiting` settles: the work itself waits for time to pass. */
  pauseFor<T>(waiting: Promise<T>): Promise<T>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `action` after `delayMs` unless the clock is closed first or the returned function is called. */
  schedule(delayMs: number, action: () => void): () => void;
  /** Resolves after `delayMs`; early when the clock closes. */
  sleep(delayMs: number): Promise<void>;
  hold(): Hold;
  /** Holds time until the work settles. */
  holdDuring<T>(work: Promise<T>): Promise<T>;
  /** Drops everything that is scheduled and wakes every sleeper. */
  close(): void;
}

/** setTimeout fires at once for delays beyond 2^31-1 ms, so longer ones are cut into steps. */
const longestTimerMs = 2_000_000_000;

export const systemTime: TimeSource = {
  now: () => Date.now(),
  schedule: (delayMs, action) => {
    const dueAt = Date.now() + Math.max(0, delayMs);
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      timer = setTimeout(
        () => {
          if (Date.now() + 1 < dueAt) arm();
          else action();
        },
        Math.min(longestTimerMs, Math.max(0, dueAt - Date.now())),
      );
    };
    arm();
    return () => clearTimeout(timer);
  },
  hold: () => () => undefined,
};

export function createClock(source: TimeSource = systemTime): Clock {
  const scheduled = new Set<() => void>();
  const sleepers = new Set<() => void>();
  let closed = false;

  function schedule(delayMs: number, action: () => void): () => void {
    if (closed) return () => undefined;
    const cancelTimer = source.schedule(delayMs, () => {
      scheduled.delete(cancel);
      action();
    });
    const cancel = (): void => {
      scheduled.delete(cancel);
      cancelTimer();
    };
    scheduled.add(cancel);
    return cancel;
  }

  function sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      // In a later turn, so that a loop that sleeps lets the process end.
      if (closed) return void setImmediate(resolve);
      const wake = (): void => {
        sleepers.delete(wake);
        cancel();
        resolve();
      };
      const cancel = schedule(delayMs, wake);
      sleepers.add(wake);
    });
  }

  const hold = (): Hold => holdOf(source);

  return {
    now: () => source.now(),
    schedule,
    sleep,
    hold,
    holdDuring: async (work) => {
      const held = hold();
      try {
        return await work;
      } finally {
        held.release();
      }
    },
    close: () => {
      closed = true;
      for (const cancel of [...scheduled]) cancel();
      for (const wake of [...sleepers]) wake();
    },
  };
}

function holdOf(source: TimeSource): Hold {
  let letGo: (() => void) | undefined = source.hold();
  let isOver = false;
  const pause = (): void => {
    letGo?.();
    letGo = undefined;
  };
  return {
    release: () => {
      isOver = true;
      pause();
    },
    pauseFor: async (waiting) => {
      pause();
      try {
        return await waiting;
      } finally {
        if (!isOver) letGo ??= source.hold();
      }
    },
  };
}
