/** Waits for a condition, and never for a time. */

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when `holds` does; fails with `what` after `withinMs`, so that a test never hangs mutely. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  withinMs = 180_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    assert(performance.now() < end, `it did not come to pass within ${withinMs} ms: ${what}`);
    await delay(25);
  }
}
