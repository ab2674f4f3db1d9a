/** What an earlier run has published of the image, as the progress of this run. */

import type { Step } from '../../model/progress/progress.js';
import type { Publication } from './publication.js';

/** An earlier run took these steps. */
const EARLIER_STEPS: readonly Step[] = ['utility', 'write', 'retire', 'test'];

/** Sets the regions that the plan found complete, and the reason of those that this run does not add. */
export function showEarlier({ run, plan }: Publication): void {
  const { published = [], completion, incompletable } = plan;
  for (const { regionName, wanted, unusable } of run.regionPlans) {
    const amis = published.filter((ami) => ami.regionName === regionName);
    const isComplete = amis.length > 0 && amis.length >= wanted.length;
    const state = amis.every(({ isPrivate }) => isPrivate) ? 'private' : 'published';
    if (isComplete) run.setRegion(regionName, { state, amis });
    else if (unusable === undefined && completion?.regions.includes(regionName) !== true) {
      // The earlier run may have made some of its AMIs public before it reached the region's quota.
      const why = incompletable === undefined ? '' : `, and cannot be added: ${incompletable}`;
      run.setRegion(regionName, {
        state: 'failed',
        amis,
        reason: `not published by the earlier run${why}`,
      });
    }
  }
  if (completion === undefined) return;
  const { source, tests, regions } = completion;
  run.recordEarlier(source.rawSha256, tests);
  const isHomeComplete = !regions.includes(plan.homeRegion);
  run.skipSteps(isHomeComplete ? [...EARLIER_STEPS, 'register'] : EARLIER_STEPS);
}
