/** Patience for a machine that does other things, too. */

import os from 'node:os';

/** More is no busy machine any more, but a stuck one. */
const SLOWDOWN_MAX = 5;

/** How many times longer than on an idle machine things may take at the moment: 1 to 5. */
export function slowdown(): number {
  const [lastMinute = 0] = os.loadavg();
  return Math.min(Math.max(1, lastMinute / os.availableParallelism()), SLOWDOWN_MAX);
}
