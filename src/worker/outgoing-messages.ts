/** Where a worker's messages go: to the broker, and to the log in any case. */

import type { Logger } from 'pino';
import type { Config } from '../config/schema.js';
import { Sender } from '../messaging/sender.js';
import { wireMessage } from '../messaging/wire-message.js';
import type { Announcement } from '../model/progress/announcement.js';

export interface OutgoingMessages {
  /** Resolves when the message is confirmed; rejects with a `BrokerError`. */
  readonly send: (announcement: Announcement) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Checked against its schema without a broker, too: what breaks it is found on the first try. */
export function outgoingMessages(
  { messaging }: Pick<Config, 'messaging'>,
  log: Logger,
): OutgoingMessages {
  const { url, topicPrefix } = messaging;
  const sender = url === undefined ? undefined : new Sender({ ...messaging, url });
  if (sender === undefined && !log.isLevelEnabled('info')) {
    log.warn(
      'messages go nowhere: no broker is configured (messaging.url), and the log has them at the level info',
    );
  }
  return {
    send: async (announcement) => {
      const message = wireMessage(announcement, { topicPrefix });
      await sender?.send(message);
      const { routingKey: topic, properties } = message;
      const { key: messageKey, body } = announcement;
      log.info({ topic, messageId: properties.messageId, messageKey, body }, 'message');
    },
    close: async () => sender?.close(),
  };
}
