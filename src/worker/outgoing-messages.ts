/** Where a worker's messages go: to the broker where one is configured, and always to the log. */

import type { Logger } from 'pino';
import type { Config } from '../config/schema.js';
import { Sender } from '../messaging/sender.js';
import { wireMessage } from '../messaging/wire-message.js';
import { aboutRun, eventLine } from './event-line.js';
import type { Announcement } from '../model/progress/announcement.js';

export interface OutgoingMessages {
  /** Resolves when the message is confirmed; rejects with a `BrokerError`. */
  readonly send: (announcement: Announcement) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A message is checked against its schema also without a broker, so that a mistake shows early. */
export function outgoingMessages(
  { messaging }: Pick<Config, 'messaging'>,
  log: Logger,
): OutgoingMessages {
  const { url, topicPrefix } = messaging;
  const sender = url === undefined ? undefined : new Sender({ ...messaging, url });
  if (sender === undefined && !log.isLevelEnabled('debug')) {
    log.info(
      'messages are not sent: set messaging.url to a broker, or see them with log level debug',
    );
  }
  return {
    send: async (announcement) => {
      const message = wireMessage(announcement, { topicPrefix });
      await sender?.send(message);
      const { routingKey: topic, properties } = message;
      const { key: messageKey, body } = announcement;
      const { messageId } = properties;
      log.debug({ ...aboutRun(messageKey), topic, messageId, messageKey, body }, 'message');
      const event = eventLine(announcement);
      if (event !== undefined) log[event.level](event.fields, event.text);
    },
    close: async () => sender?.close(),
  };
}
