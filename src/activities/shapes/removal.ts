/** What is given to, and comes back from, the acts that remove: the undo of a run, the last look of a run, and the sweep. */

import type { Installation } from '../../model/ids/installation.js';
import type { Origin, StepTag } from '../../model/ids/tags.js';
import type { OtherInstallation, SweepItem, UnreconciledRun } from '../../model/sweep/sweep.js';

export interface UndoRegionInput {
  readonly origin: Origin;
  readonly regionName: string;
  /** The step that was made last comes first. */
  readonly steps: readonly StepTag[];
  /** AMIs may have become public a moment ago, and EC2 may not show it yet. */
  readonly mayBePublic?: boolean;
}

export interface UndoneRegion {
  readonly removed: readonly string[];
  /** Public AMIs: a failure never removes what is public. */
  readonly kept: readonly string[];
  /** What AWS refused to remove, with the reason; the sweep tries again later. */
  readonly left: readonly string[];
  /** AMIs may be public, and EC2 did not list them. */
  readonly unseen?: true;
}

/** What stays in one region when its run is over. */
export interface RegionResult {
  readonly regionName: string;
  /** AMIs and snapshots. */
  readonly ids: readonly string[];
  /** False: the run launches instances elsewhere. */
  readonly hasInstances?: boolean;
}

export interface RemoveSurplusInput {
  readonly origin: Origin;
  readonly regions: readonly RegionResult[];
}

export interface RemovedSurplus {
  /** `snap-1 in eu-west-1` */
  readonly removed: readonly string[];
  /** The same with AWS's reason; the sweep tries again. */
  readonly left: readonly string[];
}

/** What one sweep works with, read once from the worker's configuration. */
export interface SweepPlan {
  readonly installation: Installation;
  /** All regions that are enabled in the account. */
  readonly regions: readonly string[];
  readonly graceMs: number;
  readonly maxRemovals: number;
  /** After this, a region that does not answer is left to the next sweep. */
  readonly regionPatienceMs: number;
}

export interface FindStraysInput {
  readonly deployment: string;
  readonly regionName: string;
  readonly graceMs: number;
  /** The most strays that one sweep may remove; further ones are only counted. */
  readonly straysMax: number;
}

export interface FoundStrays {
  /** In the order of removal. */
  readonly strays: readonly SweepItem[];
  /** Strays beyond `straysMax`. */
  readonly more: number;
  readonly kept: readonly SweepItem[];
  readonly keptCount: number;
  readonly unreconciled: readonly UnreconciledRun[];
  readonly others: readonly OtherInstallation[];
}

export interface RemoveStraysInput {
  readonly deployment: string;
  readonly regionName: string;
  readonly graceMs: number;
  /** Only these are removed, also when the activity is repeated. */
  readonly strays: readonly SweepItem[];
}

export interface RemovedStrays {
  readonly removed: readonly SweepItem[];
  readonly left: readonly SweepItem[];
}
