/** What operators do with a run: the acts that its record keeps, and the places where it waits for them. */

import type { Step } from './progress.js';

export type OperatorAction = 'retry' | 'skip' | 'pause' | 'resume' | 'approve' | 'cancel';

/** One act as the record keeps it. */
export interface OperatorAct {
  readonly action: OperatorAction;
  /** Of `retry` and `skip`. */
  readonly regions?: readonly string[];
  /** `user@host`, or what the operator gave with `--by`. */
  readonly by: string;
  readonly reason?: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Where an image waits for a person before it goes on. */
export const APPROVALS = ['none', 'before-copy', 'before-publish'] as const;
export type Approval = (typeof APPROVALS)[number];

/** Why a run does not begin its next step. */
export interface Hold {
  readonly for: 'approval' | 'resume';
  /** The step that waits. */
  readonly before: Step;
  /** ISO 8601. */
  readonly since: string;
}
