/** The state of a region without its wait for the operator. */

import type { RegionProgress } from '../../model/progress/progress.js';

/** The region as it was before it began to wait: the listener of changes does not know the wait. */
export function beforeHold(region: RegionProgress): RegionProgress {
  const { state, heldIn } = region;
  return state === 'waiting-for-operator' && heldIn !== undefined
    ? { ...region, state: heldIn }
    : region;
}
