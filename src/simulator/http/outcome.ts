/** What a request led to: its answer, and what it changed. */

import type { FaultRule } from '../faults/fault-rule.js';
import type { ReadChange } from '../store/resource-change.js';

export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** `ok` or the error's code. */
  readonly result: string;
}

export interface Outcome {
  readonly answer: Answer;
  readonly hits: readonly FaultRule[];
  /** The rule that keeps the answer from the client. */
  readonly keepBack?: FaultRule | undefined;
  readonly changed?: readonly string[];
  readonly resources?: readonly ReadChange[];
}
