/** Which regions lack AMIs, and why, written on AMIs that stay: retention forgets runs, and EC2 lists only what is there. */

import { addTags } from '../aws/tags.js';
import { leftOutTags } from '../model/plan/plan-tags.js';
import type { NoteLeftOutInput } from './activities.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/** An AMI that exists contradicts its note: a region that is published later leaves nothing to take back. */
export function noteLeftOut(
  { aws }: ActivityContext,
  { regionName, amis, leftOut }: NoteLeftOutInput,
): Promise<void> {
  return heartbeating(waitingFor('tags'), (_report, signal) =>
    addTags(aws.region(regionName), amis, leftOutTags(leftOut), signal),
  );
}
