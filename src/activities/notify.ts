/** Notifies people by one channel. Repeating it is safe: the receiver gets the same id again. */

import type { SendNotificationInput } from './shapes/message.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

export function sendNotification(
  context: ActivityContext,
  input: SendNotificationInput,
): Promise<void> {
  return heartbeating(waitingFor(`the ${input.channel}`), async (_report, signal) => {
    await context.notify(input, signal);
  });
}
