/** Records left-out regions as tags on the published AMIs, because histories expire. */

import { addTags } from '../aws/tags.js';
import { leftOutTags } from '../model/plan/plan-tags.js';
import type { NoteLeftOutInput } from './shapes/region.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/** A later publication of the region need not remove the note: its AMIs count for more. */
export function noteLeftOut(
  { aws }: ActivityContext,
  { regionName, amis, leftOut, room }: NoteLeftOutInput,
): Promise<void> {
  return heartbeating(waitingFor('tags'), (_report, signal) =>
    addTags(aws.region(regionName), amis, leftOutTags(leftOut, room), signal),
  );
}
