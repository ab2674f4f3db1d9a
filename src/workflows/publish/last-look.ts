/** Before a run closes: removes what it made twice. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { RegionResult } from '../../activities/shapes/removal.js';
import { failureReason } from '../failure-reason.js';
import { lookingAgain } from '../profiles.js';
import type { RegionState } from '../../model/progress/progress.js';
import type { Publication } from './publication.js';

const { removeSurplus } = proxyActivities<Pick<Activities, 'removeSurplus'>>(lookingAgain);

/**
 * Looks into the regions in these states. Never rejects and cannot be cancelled: the AMIs are published, and the sweep
 * removes what this look does not see.
 */
export async function lookOnceMore(
  { run, plan }: Publication,
  states: readonly RegionState[],
): Promise<void> {
  const regions = run.regions.flatMap(({ region, state, amis }): RegionResult[] => {
    if (!states.includes(state)) return [];
    const ids = new Set(amis.flatMap(({ ami, snapshot }) => [ami, snapshot]));
    return [{ regionName: region, ids: [...ids], hasInstances: region === plan.homeRegion }];
  });
  if (regions.length === 0) return;
  const summary = `last look into ${regions.length} regions`;
  try {
    const { removed, left } = await CancellationScope.nonCancellable(() =>
      removeSurplus.executeWithOptions({ summary }, [{ origin: plan.origin, regions }]),
    );
    if (removed.length > 0) log.warn('the run had made these twice: they are removed', { removed });
    if (left.length > 0) log.warn('the run has made these twice: the sweep removes them', { left });
  } catch (failure) {
    log.warn('the last look failed; the sweep removes what the run made twice', {
      reason: failureReason(failure),
    });
  }
}
