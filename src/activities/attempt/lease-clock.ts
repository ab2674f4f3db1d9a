/** The clock for leases: it also counts the time while the machine is suspended. */

import os from 'node:os';

/** The time since boot may be rounded to seconds, and is read a moment after the other clock. */
const ROUNDING_MS = 1_000;

const bootedBeforeMs = sinceBootMs() - performance.now();
let sleptMs = 0;

/** In ms since an arbitrary moment; never goes back. `performance.now()` stops while the machine is suspended. */
export function leaseClockMs(): number {
  const awakeMs = performance.now();
  const asleepMs = sinceBootMs() - awakeMs - bootedBeforeMs;
  if (asleepMs > sleptMs + ROUNDING_MS) sleptMs = asleepMs;
  return awakeMs + sleptMs;
}

/** CLOCK_BOOTTIME on Linux. */
function sinceBootMs(): number {
  return os.uptime() * 1_000;
}
