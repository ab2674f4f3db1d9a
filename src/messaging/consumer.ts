/** Consumes a durable queue, connection after connection; a message is acknowledged when its handler says so. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { BrokerSettings } from './connection.js';
import { connectBroker, endConnection, isRefusal, reasonOf, shownUrl } from './connection.js';

export interface ConsumerSettings extends BrokerSettings {
  readonly exchange: string;
  readonly queue: string;
  /** Topics, with `*` for a word and `#` for any number of them. */
  readonly bindings: readonly string[];
  /** The queue is the administrator's: it must be there already. */
  readonly passiveDeclares: boolean;
  /** Messages that are at work at once. */
  readonly prefetch: number;
}

export interface Delivery {
  readonly topic: string;
  readonly messageId: string | undefined;
  readonly content: Buffer;
  /** Somebody had it before and did not acknowledge it. */
  readonly redelivered: boolean;
}

/** `done` acknowledges, `drop` never wants to see it again, `requeue` wants it again. */
export type Verdict = 'done' | 'drop' | 'requeue';

export interface ConsumerEvents {
  onListening(where: string): void;
  /** The administrator binds the queue, too. */
  onMayNotBind(reason: string): void;
  /** The connection is gone, or could not be made; the next attempt is `delayMs` away. */
  onDisconnected(reason: string, delayMs: number): void;
}

const FIRST_DELAY_MS = 500;
const DELAY_MS_MAX = 30_000;
/** In-flight handlers end before the process does, or their messages come again. */
const CLOSE_PATIENCE_MS = 20_000;

/**
 * Runs until `signal` aborts, then lets handlers that are at work finish. amqplib's own recovery is not used:
 * it knows of lost connections only, not of a queue that was deleted or a consumer that was cancelled.
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
    // What lasted for a while was no failure to connect.
    failures = performance.now() - began > DELAY_MS_MAX ? 0 : failures + 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 10), DELAY_MS_MAX);
    events.onDisconnected(reason, delayMs);
    await pause(delayMs * (0.8 + Math.random() * 0.4), undefined, { signal }).catch(
      () => undefined,
    );
  }
}

/** The compiler takes what `while` asked for still true after an `await`. */
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
      // Behind the last acknowledgement: the end of the connection would overtake it.
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

/** As fedora-messaging does, whatever may be declared; where it is not allowed, it has been done by others. */
async function bind(
  connection: ChannelModel,
  { exchange, queue, bindings, passiveDeclares }: ConsumerSettings,
  events: ConsumerEvents,
): Promise<void> {
  // A refusal closes the channel that met it.
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

/** Never rejects: a channel that is closed by now has given the message back already. */
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
    // Nobody knows what to do with it: the connection ends, said aloud, and the broker keeps the message.
    channel.emit('error', new Error(`the handler failed: ${reasonOf(error)}`, { cause: error }));
  });
  if (verdict === undefined) return;
  try {
    if (verdict === 'done') channel.ack(message);
    else channel.nack(message, false, verdict === 'requeue');
  } catch {
    // IllegalOperationError: the message comes again, on the next connection.
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

/** Listens no longer than it waits: the signal outlives all connections. */
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
