/** A question to IAM and its answer. */

/** Keys and values that a policy's conditions can ask for. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

/** One action on one resource; a call can need several. */
export interface Authorization {
  /** Such as `ec2:RunInstances`. */
  readonly action: string;
  /** An ARN; that of a resource that the call makes ends in `/*`. `*` for actions without resources. */
  readonly resource: string;
  /** The type in the service authorization reference, where the call knows it. */
  readonly resourceType?: string;
  readonly context: Context;
}

export type Verdict = 'allowed' | 'implicit-deny' | 'explicit-deny';

export interface Decision {
  /** ARN of the caller. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
  readonly verdict: Verdict;
}
