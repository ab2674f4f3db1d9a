/** Results that the configuration keeps private. */

import type { KeepRegionInput } from './shapes/region.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { markComplete } from './mark-complete.js';

/** Marks them complete: without this tag, the sweep would take them for what a terminated run left. */
export function keepRegion({ aws }: ActivityContext, input: KeepRegionInput): Promise<void> {
  return heartbeating(waitingFor('tags'), (_report, signal) =>
    markComplete(aws.region(input.regionName), input.amis, signal),
  );
}
