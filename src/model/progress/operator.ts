/** What operators do with a run: the acts that its record keeps. */

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
