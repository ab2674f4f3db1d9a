/** What a plan is made from. A worker's attempt makes it, and a command that only shows it. */

import type { ActivityContext } from '../attempt/context.js';
import { isRepeat, waitedMs } from '../attempt/context.js';
import type { IsClosedRun } from '../left-over.js';
import { closedRuns } from '../left-over.js';

export interface PlanContext extends Pick<
  ActivityContext,
  'aws' | 'facts' | 'config' | 'urlPolicy' | 'installation'
> {
  /** Why a region that does not answer is given up; undefined while the plan is to be tried again. */
  gaveUp(patienceMs: number): string | undefined;
  readonly isClosed: IsClosedRun;
}

/** For an attempt of an activity: Temporal tries again until the patience is over. */
export function planContext({
  aws,
  facts,
  config,
  urlPolicy,
  installation,
  runs,
}: ActivityContext): PlanContext {
  return {
    aws,
    facts,
    config,
    urlPolicy,
    installation,
    isClosed: closedRuns(runs, installation),
    gaveUp: (patienceMs) =>
      isRepeat() && waitedMs() > patienceMs
        ? `left out after ${Math.round(waitedMs() / 1000)} s`
        : undefined,
  };
}
