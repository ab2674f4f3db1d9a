/** One region with its AMIs: what the copy step makes and the publish step takes. */

import type { RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';

/** A region and all AMIs that it was to get. */
export interface RegionAmis {
  readonly regionPlan: RegionPlan;
  readonly amis: readonly RegisteredAmi[];
}
