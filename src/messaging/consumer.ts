/** Consumes a durable queue, and connects again after each loss; the handler decides whether a message is acknowledged. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { BrokerSettings } from './connection.js';
import { connectBroker, endConnection, isRefusal, reasonOf, shownUrl } from './connection.js';

export interface ConsumerSettings extends BrokerSettings {
  readonly exchange: string;
  readonly queue: string;
  /** Topics, with `*` for a word and `#` for any number of them. */
  readonly bindings: readonly string[];
  /** The administrator makes the queue: it must exist. */
  readonly passiveDeclares: boolean;
  /** Messages that are handled at once. */
  readonly prefetch: number;
}

export interface Delivery {
  readonly topic: string;
  readonly messageId: string | undefined;
  readonly content: Buffer;
  /** An earlier delivery of it was not acknowledged. */
  readonly redelivered: boolean;
}

/** `done` acknowledges, `drop` discards, `requeue` asks for another delivery. */
export type Verdict = 'done' | 'drop' | 'requeue';

export interface ConsumerEvents {
  onListening(where: string): void;
  /** The broker refuses the bindings; the administrator makes them. */
  onMayNotBind(reason: string): void;
  /** The connection was lost, or failed; the next attempt begins in `delayMs`. */
  onDisconnected(reason: string, delayMs: number): void;
}

const FIRST_DELAY_MS = 500;
const DELAY_MS_MAX = 30_000;
/** Time for handlers to end; the broker delivers the messages of the others again. */
const CLOSE_PATIENCE_MS = 20_000;

/**
 * Runs until `signal` aborts, then lets running handlers finish. amqplib's own recovery is not used: it
 * handles lost connections only, not a deleted queue or a cancelled consumer.
 */
export async function consume(
  settings: ConsumerSettings,
  handle: (delivery: Delivery) => Promise<Verdict>,
  { signal, ...events }: ConsumerEvents & { readonly signal: AbortSignal },
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    const reason = await oneConnection(settings, handle, { signal, ...events }).catch(reasonOf);
    if (isStopped(signal)) return;
    // A connection that lasted for a while resets the delay.
    failures = performance.now() - began > DELAY_MS_MAX ? 0 : failures + 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 10), DELAY_MS_MAX);
    events.onDisconnected(reason, delayMs);
    await pause(delayMs * (0.8 + Math.random() * 0.4), undefined, { signal }).catch(
      () => undefined,
    );
  }
}

/** A function, because the compiler assumes that `signal.aborted` is still false after an `await`. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Resolves with the reason why the connection ended, or when the signal aborts. */
async function oneConnection(
  settings: ConsumerSettings,
  handle: (delivery: Delivery) => Promise<Verdict>,
  { signal, ...events }: ConsumerEvents & { readonly signal: AbortSignal },
): Promise<string> {
  const connection = await connectBroker(settings, 'fedimg listen');
  const atWork = new Set<Promise<void>>();
  try {
    const channel = await connection.createChannel();
    const ended = endOf(connection, channel);
    await channel.prefetch(settings.prefetch);
    await requireQueue(channel, settings);
    await bind(connection, settings, events);
    const { consumerTag } = await channel.consume(settings.queue, (message) => {
      if (message === null) {
        channel.emit('error', new Error(`the queue ${settings.queue} was deleted`));
        return;
      }
      const work = answer(channel, message, handle).finally(() => atWork.delete(work));
      atWork.add(work);
    });
    events.onListening(`${settings.queue} at ${shownUrl(settings.url)}`);
    const reason = await orAborted(signal, ended);
    if (isStopped(signal)) {
      await channel.cancel(consumerTag).catch(() => undefined);
      await orAborted(AbortSignal.timeout(CLOSE_PATIENCE_MS), Promise.allSettled(atWork));
      // Sends the last acknowledgements, which the end of the connection would overtake.
      await channel.close().catch(() => undefined);
    }
    return reason;
  } finally {
    await endConnection(connection);
  }
}

async function requireQueue(channel: Channel, settings: ConsumerSettings): Promise<void> {
  if (settings.passiveDeclares) await channel.checkQueue(settings.queue);
  else await channel.assertQueue(settings.queue, { durable: true });
}

/** Binds always, as fedora-messaging does; with passive declares, a refusal means that the administrator has done it. */
async function bind(
  connection: ChannelModel,
  { exchange, queue, bindings, passiveDeclares }: ConsumerSettings,
  events: ConsumerEvents,
): Promise<void> {
  // A refusal closes its channel, so use a separate one.
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  try {
    for (const binding of bindings) await channel.bindQueue(queue, exchange, binding);
    await channel.close();
  } catch (error) {
    if (!passiveDeclares || !isRefusal(error)) throw error;
    events.onMayNotBind(reasonOf(error));
  }
}

/** Never rejects: a closed channel has already given the message back. */
async function answer(
  channel: Channel,
  message: ConsumeMessage,
  handle: (delivery: Delivery) => Promise<Verdict>,
): Promise<void> {
  const { content, fields, properties } = message;
  const messageId: unknown = properties.messageId;
  const verdict = await handle({
    topic: fields.routingKey,
    messageId: typeof messageId === 'string' ? messageId : undefined,
    content,
    redelivered: fields.redelivered,
  }).catch((error: unknown): void => {
    // A handler must not fail: end the connection with this reason, and the broker keeps the message.
    channel.emit('error', new Error(`the handler failed: ${reasonOf(error)}`, { cause: error }));
  });
  if (verdict === undefined) return;
  try {
    if (verdict === 'done') channel.ack(message);
    else channel.nack(message, false, verdict === 'requeue');
  } catch {
    // IllegalOperationError: the broker delivers the message again, on the next connection.
  }
}

function endOf(connection: ChannelModel, channel: Channel): Promise<string> {
  return new Promise((resolve) => {
    const end = (error?: Error): void => resolve(error?.message ?? 'the connection was closed');
    connection.on('error', end);
    connection.on('close', end);
    channel.on('error', end);
    channel.on('close', () => end());
  });
}

/** Removes its listener at the end: the signal outlives all connections. */
async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | 'stopped'> {
  const over = new AbortController();
  try {
    return await Promise.race([work, aborted(signal, over.signal)]);
  } finally {
    over.abort();
  }
}

function aborted(signal: AbortSignal, over: AbortSignal): Promise<'stopped'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('stopped');
    signal.addEventListener('abort', () => resolve('stopped'), { once: true, signal: over });
  });
}
