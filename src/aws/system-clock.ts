/** The clock of this machine. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../model/clock.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  delay: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};
