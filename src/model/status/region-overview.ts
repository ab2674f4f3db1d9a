/** One region of an image: its state, its AMIs, and why it does not go on. */

import type { RegionProgress, RegionState } from '../progress/progress.js';
import { variantKey } from '../ids/variant.js';
import { plainReason } from './plain-reason.js';
import type { Outcome, RegionOverview, RegionOverviewState, VariantOverview } from './overview.js';
import type { Work } from './work.js';
import { regionOf } from './work.js';

export interface RegionFacts {
  readonly outcome: Outcome;
  readonly homeRegion: string | null;
  readonly copiesDueAt: string | null;
  /** The keys of the variants that passed the test. */
  readonly tested: readonly string[];
  readonly work: readonly Work[];
}

const STAYS: readonly RegionState[] = ['published', 'private', 'failed', 'left-out'];

/** A run that ended by itself has removed what it had not made public; a terminated run has not. */
export function regionStateOf(state: RegionState, outcome: Outcome): RegionOverviewState {
  const isUndone = outcome !== 'running' && outcome !== 'terminated';
  if (!isUndone || STAYS.includes(state)) return state;
  return state === 'waiting' ? 'not-begun' : 'removed';
}

export function regionOverview(progress: RegionProgress, facts: RegionFacts): RegionOverview {
  const { region } = progress;
  const { outcome, homeRegion, copiesDueAt, work } = facts;
  const state = regionStateOf(progress.state, outcome);
  const own = outcome === 'running' ? work.find((one) => regionOf(one) === region) : undefined;
  const isTried = own !== undefined && own.attempt > 1 && own.lastFailure !== null;
  const trouble = isTried ? plainReason(own.lastFailure?.message ?? '') : null;
  const beat = own?.heartbeat;
  const isLate = state === 'copying' && copiesDueAt !== null;
  return {
    region,
    isHome: region === homeRegion,
    required: progress.required ?? region === homeRegion,
    state,
    since: progress.since ?? null,
    startedAt: progress.startedAt ?? null,
    endedAt: progress.endedAt ?? null,
    percent: beat?.kind === 'wait' ? (beat.percent ?? null) : null,
    attempt: own?.attempt ?? 1,
    reason: progress.reason === undefined ? trouble : plainReason(progress.reason),
    nextTryAt: isTried ? own.nextAttemptAt : null,
    next: progress.next ?? null,
    dueAt: progress.dueAt ?? (isLate ? copiesDueAt : null),
    variants: variantsOf(progress, state, facts),
  };
}

function variantsOf(
  progress: RegionProgress,
  regionState: RegionOverviewState,
  { tested }: RegionFacts,
): VariantOverview[] {
  const planned = progress.planned ?? progress.amis.map(({ variant, name }) => ({ variant, name }));
  return planned.map((one): VariantOverview => {
    const { variant, name } = one;
    const key = variantKey(variant);
    const refused = 'reason' in one ? one.reason : undefined;
    const made = progress.amis.find((ami) => ami.name === name);
    const isThere = made !== undefined && regionState !== 'removed';
    return {
      variant: key,
      name,
      state:
        refused === undefined
          ? variantState(regionState, isThere, made?.isPrivate === true)
          : 'not-wanted',
      ami: isThere ? made.ami : null,
      snapshot: isThere ? made.snapshot : null,
      tested: isThere && (made.made?.tested ?? tested.includes(key)),
      reason: refused ?? (isThere ? null : (progress.reason ?? null)),
    };
  });
}

function variantState(
  state: RegionOverviewState,
  isThere: boolean,
  isPrivate: boolean,
): VariantOverview['state'] {
  if (!isThere) return state === 'removed' || state === 'failed' ? 'removed' : 'waiting';
  if (isPrivate || state === 'private') return 'private';
  // Of a failed region the record lists only AMIs that are public.
  return state === 'published' || state === 'failed' ? 'public' : 'registered';
}
