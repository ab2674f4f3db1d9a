/** Waits for a condition, and never for a time. */

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS_MAX = 150;

/** Resolves when `holds` does; fails with `what` after `withinMs`, so that a test never hangs mutely. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  withinMs = 180_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  let pauseMs = 25;
  while (!(await holds())) {
    assert(performance.now() < end, `it did not come to pass within ${withinMs} ms: ${what}`);
    await delay(pauseMs);
    // A question costs CPU time that what it waits for could use.
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 1.25);
  }
}
