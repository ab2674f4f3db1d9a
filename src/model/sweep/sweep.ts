/** What the sweep finds, what it removes, and what it says of both. */

export const RESOURCE_TYPES = ['instance', 'volume', 'image', 'snapshot'] as const;
/** In the order of removal: EC2 refuses a volume in use, and a snapshot that an AMI needs. */
export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** What Temporal says of a run. */
export type RunState =
  | { readonly state: 'open' }
  | {
      readonly state: 'closed';
      /** `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED` or `TIMED_OUT`. */
      readonly status: string;
      /** ISO 8601. */
      readonly closedAt: string | undefined;
      /** AMIs and snapshots that its record lists as its results. */
      readonly results: readonly string[];
    }
  /** Never heard of, or forgotten since. */
  | { readonly state: 'unknown' };

export type StrayReason = 'run-closed' | 'run-unknown';
export type KeptReason =
  | 'foreign-tags'
  | 'public'
  | 'result'
  | 'may-be-result'
  | 'run-open'
  | 'young'
  | 'closed-lately'
  | 'kept-until'
  | 'in-use'
  | 'not-removed';

export interface SweepItem {
  readonly region: string;
  readonly type: ResourceType;
  readonly id: string;
  /** ISO 8601; null when EC2 does not say. */
  readonly createdAt: string | null;
  readonly ageSeconds: number | null;
  /** The workflow and the first run of the chain that made it; null where it has no such tag. */
  readonly workflow: string | null;
  readonly run: string | null;
  readonly code: StrayReason | KeptReason;
  /** The same for people. */
  readonly reason: string;
}

/** A run that ended without a word, and whose public AMIs stay. */
export interface UnreconciledRun {
  readonly workflow: string;
  readonly run: string;
  readonly region: string;
  readonly amis: readonly string[];
  readonly reason: string;
}

export interface SweepReport {
  readonly deployment: string;
  readonly dryRun: boolean;
  readonly regions: readonly string[];
  /** Removed; with `dryRun`, what would have been. */
  readonly removed: readonly SweepItem[];
  /** Was to be removed, but still stands; the next sweep tries again. */
  readonly left: readonly SweepItem[];
  /** At most a few hundred; `keptCount` counts all. */
  readonly kept: readonly SweepItem[];
  readonly keptCount: number;
  /** Strays beyond `max_removals`; the next sweep goes on with them. */
  readonly waiting: number;
  readonly unreconciled: readonly UnreconciledRun[];
  readonly failedRegions: readonly { readonly region: string; readonly reason: string }[];
}

/** Rows that say something new first: what is public or complete is what everybody expects. */
const EXPECTED: readonly SweepItem['code'][] = ['public', 'result', 'run-open'];

/** The first `max` of the kept, those that an operator would ask about before the others. */
export function mostTelling(kept: readonly SweepItem[], max: number): SweepItem[] {
  const rank = ({ code }: SweepItem) => EXPECTED.indexOf(code);
  return kept.toSorted((a, b) => rank(a) - rank(b)).slice(0, max);
}
