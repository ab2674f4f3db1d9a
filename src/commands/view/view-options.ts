/** What every view needs to know. */

import type { Paint } from './terminal.js';

export interface ViewOptions {
  readonly paint: Paint;
  readonly nowMs: number;
}
