/** What is given to, and comes back from, the acts that send messages and notifications. */

import type { Channel, Notification } from '../../model/notification.js';

/** The result of sending a batch of messages. */
export interface AnnounceReport {
  /** How many of the first messages were sent or finally refused. */
  readonly handled: number;
  /** The finally refused messages, each with the reason. */
  readonly refused: readonly string[];
}

export interface SendNotificationInput {
  readonly channel: Channel;
  readonly notification: Notification;
}
