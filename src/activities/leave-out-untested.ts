/** Takes a virtualization type that could not be tested out of a run: notes why, and deregisters its AMIs. */

import { deregisterImage } from '../aws/images.js';
import { addTags } from '../aws/tags.js';
import { settleAll } from '../model/settle.js';
import { untestedTags } from '../model/plan/untested.js';
import type { LeaveOutUntestedInput } from './shapes/test.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/**
 * The note comes first: a later run of the image must not want these AMIs again. The names of deregistered AMIs are
 * free, and their snapshot stays with the other AMIs.
 */
export function leaveOutUntested(
  { aws }: ActivityContext,
  { regionName, untested, amis, kept }: LeaveOutUntestedInput,
): Promise<void> {
  const ec2 = aws.region(regionName);
  return heartbeating(waitingFor('AMIs'), async (_report, signal) => {
    await addTags(ec2, kept, untestedTags(untested), signal);
    await settleAll(amis.map((ami) => deregisterImage(ec2, ami, signal)));
  });
}
