/** The colour of each outcome. */

import type { Outcome } from '../../model/status/overview.js';
import type { Style } from './terminal.js';

export const OUTCOME_STYLE: Readonly<Record<Outcome, Style>> = {
  running: 'cyan',
  published: 'green',
  'already-published': 'green',
  'partly-published': 'yellow',
  ended: 'yellow',
  failed: 'red',
  cancelled: 'yellow',
  terminated: 'red',
};
