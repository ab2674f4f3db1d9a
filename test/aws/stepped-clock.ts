/** A clock for one waiter: every delay ends at once, and moves the time. */

import type { Clock } from '../../src/model/clock.js';

export function steppedClock(): Clock & { readonly delays: readonly number[] } {
  let timeMs = 0;
  const delays: number[] = [];
  return {
    delays,
    now: () => timeMs,
    elapsed: () => timeMs,
    delay: (ms, signal) => {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      timeMs += ms;
      delays.push(ms);
      return Promise.resolve();
    },
  };
}
