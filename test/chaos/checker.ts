/** The verdict on a run: every invariant of the list, each a function of its own that says what is wrong. */

import { accounted, ends, once } from './invariants/accounts.js';
import { bytes, gate, provenance } from './invariants/images.js';
import { blastRadius, noDuplicate, noLeak } from './invariants/leftovers.js';
import { messages } from './invariants/messages.js';
import {
  cancel,
  fencing,
  oneWriter,
  progress,
  replay,
  silence,
  thrift,
} from './invariants/running.js';
import { approval, pause, retry, skip } from './invariants/hands.js';
import type { Evidence } from './evidence.js';

export type Invariant = (evidence: Evidence) => string[];

/** By the numbers of the list of invariants; README.md says where the others are checked. */
export const INVARIANTS: Readonly<Record<string, Invariant>> = {
  'I1 no leak': noLeak,
  'I2 no duplicate': noDuplicate,
  'I3 gate': gate,
  'I4 bytes': bytes,
  'I5 messages': messages,
  'I6 accounted': accounted,
  'I6 end state': ends,
  'I7 once': once,
  'I8 blast radius': blastRadius,
  'I9 progress': progress,
  'I10 replay': replay,
  'I11 fencing': fencing,
  'I11 one writer': oneWriter,
  'I12 thrift': thrift,
  'I13 silence': silence,
  'I15 provenance': provenance,
  'I16 cancel': cancel,
  'I17 skip': skip,
  'I17 pause': pause,
  'I17 approval': approval,
  'I17 retry': retry,
};

/** All that is wrong with the run, each line opening with the invariant that it breaks. */
export function judge(evidence: Evidence): string[] {
  return Object.entries(INVARIANTS).flatMap(([name, invariant]) =>
    invariant(evidence).map((line) => `${name}: ${line}`),
  );
}
