/** The planted bugs: at least two for each invariant of docs/reliability.md. */

import type { Mutant } from '../mutant.js';
import { RADIUS, SWEPT } from './blast-radius.js';
import { BY_HAND } from './by-hand.js';
import { BYTES, DIRECT_WRITES } from './bytes.js';
import { OVERLAP } from './early-copies.js';
import { FENCING, THRIFT } from './fencing.js';
import { GATE } from './gate.js';
import { DUPLICATES, LEAKS } from './leaks.js';
import { MESSAGES } from './messages.js';
import { CANCEL, HANDS } from './operator.js';
import { FORESIGHT, PROGRESS, REPLAY } from './progress.js';
import { ONCE, RECORD } from './record.js';
import { DATA, PROVENANCE, SILENCE } from './untrusted-data.js';

export const CATALOGUE: readonly Mutant[] = [
  ...OVERLAP,
  ...LEAKS,
  ...DUPLICATES,
  ...DIRECT_WRITES,
  ...GATE,
  ...BYTES,
  ...MESSAGES,
  ...RECORD,
  ...ONCE,
  ...RADIUS,
  ...SWEPT,
  ...PROGRESS,
  ...FORESIGHT,
  ...REPLAY,
  ...FENCING,
  ...THRIFT,
  ...SILENCE,
  ...DATA,
  ...PROVENANCE,
  ...CANCEL,
  ...HANDS,
  ...BY_HAND,
];
