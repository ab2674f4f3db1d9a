/** The report of a sweep: what it found, removed and kept. */

import type { Installation } from '../ids/installation.js';

export const RESOURCE_TYPES = ['instance', 'volume', 'image', 'snapshot'] as const;
/** In the order of removal: EC2 refuses a volume in use, and a snapshot that an AMI needs. */
export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** The state of a run in Temporal. */
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
  /** Temporal never had it, or its retention has removed it. */
  | { readonly state: 'unknown' };

export type StrayReason = 'run-closed' | 'run-unknown';
export type KeptReason =
  | 'foreign-tags'
  | 'other-installation'
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

/** A run that ended without a result, and whose public AMIs stay. */
export interface UnreconciledRun {
  readonly workflow: string;
  readonly run: string;
  readonly region: string;
  readonly amis: readonly string[];
  readonly reason: string;
}

/** An installation with resources in the same account. */
export interface OtherInstallation extends Installation {
  readonly resources: number;
}

/** Of the installation that swept. */
export interface SweepReport extends Installation {
  readonly dryRun: boolean;
  readonly regions: readonly string[];
  /** Removed; with `dryRun`, what a sweep would remove. */
  readonly removed: readonly SweepItem[];
  /** EC2 did not remove it; the next sweep tries again. */
  readonly left: readonly SweepItem[];
  /** At most a few hundred; `keptCount` counts all. */
  readonly kept: readonly SweepItem[];
  readonly keptCount: number;
  /** Strays beyond `max_removals`; the next sweep goes on with them. */
  readonly waiting: number;
  readonly unreconciled: readonly UnreconciledRun[];
  /** Their resources are among the kept ones. */
  readonly others: readonly OtherInstallation[];
  readonly failedRegions: readonly { readonly region: string; readonly reason: string }[];
}

/** The codes that an operator expects; rows with other codes come first. */
const EXPECTED: readonly SweepItem['code'][] = [
  'other-installation',
  'public',
  'result',
  'run-open',
];

/** The first `max` of the kept rows, the unexpected ones first. */
export function mostTelling(kept: readonly SweepItem[], max: number): SweepItem[] {
  const rank = ({ code }: SweepItem) => EXPECTED.indexOf(code);
  return kept.toSorted((a, b) => rank(a) - rank(b)).slice(0, max);
}

/** One row for each installation, with the sum of its resources. */
export function sumOfOthers(others: readonly OtherInstallation[]): OtherInstallation[] {
  const sums = new Map<string, OtherInstallation>();
  for (const { cluster, namespace, deployment, resources } of others) {
    const key = JSON.stringify([cluster, namespace, deployment]);
    const before = sums.get(key)?.resources ?? 0;
    sums.set(key, { cluster, namespace, deployment, resources: before + resources });
  }
  return [...sums.values()];
}
