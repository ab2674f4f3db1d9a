/** One short visit to a broker: a connection, a confirm channel, and the broker's own words when it refuses. */

import type { ConfirmChannel } from 'amqplib';
import { connect } from 'amqplib';

/** Throws what the broker gave as its reason, with its `code` (403, 404, 406), where there is one. */
export async function withChannel<T>(
  url: string,
  body: (channel: ConfirmChannel) => Promise<T>,
): Promise<T> {
  const connection = await connect(url);
  // The reason comes as an event; what is awaited may say no more than that the channel is closed.
  let reason: Error | undefined;
  const keep = (error: Error): void => {
    reason ??= error;
  };
  connection.on('error', keep);
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', keep);
    return await body(channel);
  } catch (error) {
    throw reason ?? error;
  } finally {
    await connection.close().catch(() => undefined);
  }
}
