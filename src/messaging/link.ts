/** A sender's connection: its channels, and what the broker says of taking no messages. */

import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { BrokerSettings } from './connection.js';
import { connectBroker, endConnection, reasonOf } from './connection.js';
import { BrokerError } from './errors.js';

export class Link {
  readonly #connection: ChannelModel;
  readonly #onGone: () => void;
  /** Channels that nobody uses; each message has one for itself, so that a refusal closes no other's. */
  readonly #idle = new Set<ConfirmChannel>();
  readonly #uses = new Set<AbortController>();
  #blocked: BrokerError | undefined;
  #isRetired = false;

  private constructor(connection: ChannelModel, onGone: () => void) {
    this.#connection = connection;
    this.#onGone = onGone;
    connection.on('blocked', (reason) => this.#block(reason));
    connection.on('unblocked', () => (this.#blocked = undefined));
    connection.on('close', () => onGone());
  }

  /** `onGone` is called when no more messages should go this way; more than once, and late. */
  static async open(settings: BrokerSettings, onGone: () => void): Promise<Link> {
    return new Link(await connectBroker(settings, 'fedimg worker'), onGone);
  }

  /**
   * Rejects as soon as the broker is blocked: it answers nothing until it is well again, which takes hours. The
   * connection stays, as another one would be blocked, too; and so `work` may still succeed, with nobody waiting.
   */
  async use<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#blocked !== undefined) throw this.#blocked;
    const use = new AbortController();
    this.#uses.add(use);
    try {
      return await Promise.race([work(use.signal), rejection(use.signal)]);
    } finally {
      this.#uses.delete(use);
      if (this.#isRetired && this.#uses.size === 0) void this.end();
    }
  }

  async take(signal: AbortSignal): Promise<ConfirmChannel> {
    const [idle] = this.#idle;
    const channel = idle ?? (await this.#openChannel());
    this.#idle.delete(channel);
    if (signal.aborted) this.giveBack(channel);
    signal.throwIfAborted();
    return channel;
  }

  /** Not before the broker has answered: the next user would take that answer for its own. */
  giveBack(channel: ConfirmChannel): void {
    this.#idle.add(channel);
  }

  /** Returns when the connection is closed, by force if need be. */
  async end(): Promise<void> {
    this.#onGone();
    await endConnection(this.#connection);
  }

  #block(reason: string): void {
    this.#blocked = new BrokerError('blocked', `the broker takes no messages: ${reason}`);
    for (const use of this.#uses) use.abort(this.#blocked);
  }

  async #openChannel(): Promise<ConfirmChannel> {
    try {
      const channel = await this.#connection.createConfirmChannel();
      channel.on('error', () => undefined);
      channel.on('close', () => this.#idle.delete(channel));
      return channel;
    } catch (error) {
      // Whoever has a channel may finish; the others find one on the next connection.
      this.#isRetired = true;
      this.#onGone();
      const why = `no channel to the broker: ${reasonOf(error)}`;
      throw new BrokerError('unreachable', why, { cause: error });
    }
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as BrokerError), { once: true });
  });
}
