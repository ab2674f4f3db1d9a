/** Messages for the tests of a sender, and what became of them. */

import assert from 'node:assert/strict';
import type { BrokerFault } from '../../src/messaging/errors.js';
import { BrokerError } from '../../src/messaging/errors.js';
import type { WireMessage } from '../../src/messaging/wire-message.js';
import type { QueuedMessage } from '../support/rabbitmq.js';

export const TOPIC = 'org.fedoraproject.stg.fedimg.image.upload';

export function message(id: string, routingKey = TOPIC): WireMessage {
  const properties = { messageId: id, deliveryMode: 2 as const, headers: { priority: 0 } };
  return { routingKey, content: Buffer.from(JSON.stringify({ id })), properties };
}

export const isFault =
  (fault: BrokerFault) =>
  (error: unknown): true => {
    assert(error instanceof BrokerError, String(error));
    assert.equal(error.fault, fault, error.message);
    assert.equal(error.isFinal, fault === 'refused');
    return true;
  };

export const ids = (messages: readonly QueuedMessage[]): unknown[] =>
  messages.map(({ properties }) => properties.messageId as unknown);
