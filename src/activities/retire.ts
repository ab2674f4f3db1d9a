/** The end of a utility or test instance. */

import { endInstance } from '../aws/instances.js';
import type { InstanceRef } from './shapes/image.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/** Terminates the instance, and waits until it is gone; safe to repeat. */
export function terminateInstance({ aws }: ActivityContext, instance: InstanceRef): Promise<void> {
  return heartbeating(waitingFor(`end of ${instance.instanceId}`), (_report, signal) =>
    endInstance(aws.region(instance.regionName), instance.instanceId, signal),
  );
}
