/** The failure of a run or an activity, for people and for scripts. */

import type { FailureClass } from '../errors.js';
import type { Step } from '../progress/progress.js';

export interface FailureReport {
  /** `EC2TestException` and the like, `ConfigurationError`, or Temporal's own name. */
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  /** Whether another try may succeed, and what it waits for. */
  readonly class?: FailureClass;
  /** What the operator can do next. */
  readonly next?: string;
  readonly region?: string;
  /** Of a failed image: where it failed. */
  readonly step?: Step;
  readonly exitStatus?: number;
  /** The output of the test script, or of a command on an instance. */
  readonly output?: string;
}
