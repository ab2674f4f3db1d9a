/** A region that failed: it waits for the operator, who tries it again or skips it, and else is left out. */

import { failureReason, isCancelled, isLate } from '../failure-reason.js';
import { leaveOut, nextOf } from './leave-out.js';
import type { Publication } from './publication.js';

/** Does an act in one region; undefined when the region is left out in the end. Throws when the run was cancelled. */
export async function operated<T>(
  publication: Publication,
  regionName: string,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (failure) {
    if (isGivenUp(publication, regionName, failure)) return undefined;
    return afterFailure(publication, regionName, { failure, again: act });
  }
}

/** Leaves the region out when it is late or was skipped. Throws when the whole run was cancelled. */
export function isGivenUp(publication: Publication, regionName: string, failure: unknown): boolean {
  if (publication.isEnding) throw failure;
  const isSkipped = publication.run.operator.skipOf(regionName) !== undefined;
  if (!isSkipped && !isCancelled(failure) && !isLate(failure)) return false;
  leaveOut(publication, regionName, failure);
  return true;
}

/** Waits for the operator: `retry` does the act again, `skip` and the end of the patience leave the region out. */
export async function afterFailure<T>(
  publication: Publication,
  regionName: string,
  { failure, again }: { readonly failure: unknown; readonly again: () => Promise<T> },
): Promise<T | undefined> {
  for (let last = failure; ;) {
    if (!(await isRetried(publication, regionName, last))) {
      leaveOut(publication, regionName, last);
      return undefined;
    }
    try {
      return await again();
    } catch (next) {
      if (isGivenUp(publication, regionName, next)) return undefined;
      last = next;
    }
  }
}

async function isRetried(
  { run, plan }: Publication,
  regionName: string,
  failure: unknown,
): Promise<boolean> {
  const { operatorPatienceMs = 0 } = plan;
  if (operatorPatienceMs === 0) return false;
  const { state } = run.region(regionName);
  run.setRegion(regionName, {
    state: 'waiting-for-operator',
    heldIn: state === 'publishing' || state === 'copied' ? state : 'copying',
    reason: failureReason(failure),
    next: nextOf(failure),
    dueAt: new Date(Date.now() + operatorPatienceMs).toISOString(),
  });
  return (await run.operator.decision(regionName, operatorPatienceMs)) === 'retry';
}
