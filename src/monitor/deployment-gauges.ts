/** Shows a look at the deployment as metrics. */

import type { Publication } from '../client/publications.js';
import type { DeploymentMetrics, RecentOutcome } from '../telemetry/deployment-metrics.js';
import { RECENT_OUTCOMES } from '../telemetry/deployment-metrics.js';
import type { DeploymentState } from './deployment-state.js';
import { closedMs } from './deployment-state.js';

export function showDeployment(
  metrics: DeploymentMetrics,
  { open, recent, published, announcedMs }: DeploymentState,
  nowMs: number,
): void {
  const images = open.filter(({ kind }) => kind === 'image');
  const started = images.map(({ startedAt }) => Date.parse(startedAt));
  metrics.setOpenRuns(open);
  metrics.oldestOpenRun.setTime(started.length === 0 ? undefined : Math.min(...started));
  metrics.setRecent(countOutcomes(recent.filter(({ kind }) => kind === 'image')));
  const [last] = published;
  metrics.lastPublished.setTime(last === undefined ? undefined : closedMs(last));
  metrics.lastAnnounced.setTime(announcedMs);
  metrics.watchedAt.setTime(nowMs);
}

function countOutcomes(runs: readonly Publication[]): Partial<Record<RecentOutcome, number>> {
  const counts: Partial<Record<RecentOutcome, number>> = {};
  for (const run of runs) {
    const outcome = outcomeOf(run);
    if (outcome !== undefined) counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** The phase of a run that ended by itself is its outcome. */
export function outcomeOf({ execution, phase }: Publication): RecentOutcome | undefined {
  switch (execution) {
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
      return 'cancelled';
    case 'TERMINATED':
    case 'TIMED_OUT':
      return 'terminated';
    default:
      return RECENT_OUTCOMES.find((outcome) => outcome === phase);
  }
}
