/** Patience for a machine that does other things, too. */

import { readFileSync } from 'node:fs';
import os from 'node:os';

/** More is no busy machine any more, but a stuck one. */
const SLOWDOWN_MAX = 5;

/** How many times longer than on an idle machine things may take at the moment: 1 to 5. */
export function slowdown(): number {
  const [lastMinute = 0] = os.loadavg();
  const busy = Math.max(lastMinute, runnable());
  return Math.min(Math.max(1, busy / os.availableParallelism()), SLOWDOWN_MAX);
}

/** How many want to run now: the average of a minute is late for what has just begun (proc(5), `/proc/loadavg`). */
function runnable(): number {
  try {
    return Number(/ (\d+)\/\d+ /.exec(readFileSync('/proc/loadavg', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
