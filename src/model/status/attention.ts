/** Whether a person should look at an image, and why in one line. */

import type { Hold } from '../progress/progress.js';
import type { FailureReport } from './failure-report.js';
import type { Attention, Outcome, RegionOverview, Trouble } from './overview.js';
import { plainReason } from './plain-reason.js';

export interface Judged {
  readonly attention: Attention | null;
  readonly reason: string | null;
}

export interface AttentionFacts {
  readonly outcome: Outcome;
  readonly isCancelling: boolean;
  readonly hold: Hold | null;
  readonly note: string | null;
  readonly failure: FailureReport | null;
  readonly regions: readonly RegionOverview[];
  readonly troubles: readonly Trouble[];
}

export function attentionOf(facts: AttentionFacts): Judged {
  const { outcome, failure } = facts;
  if (outcome === 'running') return ofRunning(facts);
  if (outcome === 'partly-published') {
    const missing = facts.regions.filter(({ state }) => state === 'failed' || state === 'left-out');
    return { attention: 'left-out', reason: regionReasons(missing) };
  }
  if (!['failed', 'terminated', 'cancelled'].includes(outcome)) return CALM;
  const reason = failure === null ? null : plainReason(failure.message);
  // A person cancelled it: that person knows.
  return { attention: outcome === 'cancelled' ? null : 'failed', reason };
}

const CALM: Judged = { attention: null, reason: null };

function ofRunning({ note, hold, regions, troubles, isCancelling }: AttentionFacts): Judged {
  if (note !== null) return { attention: 'no-worker', reason: note };
  if (isCancelling) {
    return {
      attention: null,
      reason: 'it is being cancelled: the run removes what is not yet public',
    };
  }
  if (hold?.for === 'approval') {
    return { attention: 'approval', reason: `waits for approval before the step ${hold.before}` };
  }
  const held = regions.filter(({ state }) => state === 'waiting-for-operator');
  if (held.length > 0) return { attention: 'region-waits', reason: regionReasons(held) };
  const failed = regions.filter(({ state }) => state === 'failed');
  if (failed.length > 0) return { attention: 'left-out', reason: regionReasons(failed) };
  if (hold !== null)
    return { attention: 'paused', reason: `paused before the step ${hold.before}` };
  const [trouble] = troubles;
  if (trouble === undefined) return CALM;
  return { attention: 'retrying', reason: `${trouble.what}: ${trouble.reason}` };
}

/** Regions that fail together mostly have one reason. */
function regionReasons(regions: readonly RegionOverview[]): string | null {
  if (regions.length === 0) return null;
  const reasons = [...new Set(regions.map(({ reason }) => reason ?? 'unknown'))];
  return reasons
    .map((reason) => {
      const names = regions.filter((one) => (one.reason ?? 'unknown') === reason);
      return `${names.map(({ region }) => region).join(', ')}: ${reason}`;
    })
    .join('; ');
}
