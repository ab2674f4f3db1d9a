/** A sender's connection: its channels, and whether the broker is blocked. */

import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { BrokerSettings } from './connection.js';
import { connectBroker, endConnection, reasonOf } from './connection.js';
import { BrokerError } from './errors.js';

export class Link {
  readonly #connection: ChannelModel;
  readonly #onGone: () => void;
  /** Free channels. Each message has its own, because a refusal closes the channel. */
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

  /** `onGone` reports that this connection takes no more messages; it may come late and more than once. */
  static async open(settings: BrokerSettings, onGone: () => void): Promise<Link> {
    return new Link(await connectBroker(settings, 'fedimg worker'), onGone);
  }

  /**
   * Rejects as soon as the broker is blocked, which may last for hours. The connection stays, because another
   * one would be blocked, too; so `work` may still succeed later, without a caller.
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

  /** Call it after the broker's answer: the next user would take that answer for its own. */
  giveBack(channel: ConfirmChannel): void {
    this.#idle.add(channel);
  }

  /** Resolves when the connection is closed, if necessary by force. */
  async end(): Promise<void> {
    this.#onGone();
    await endConnection(this.#connection);
  }

  #block(reason: string): void {
    this.#blocked = new BrokerError('blocked', `the broker accepts no messages: ${reason}`);
    for (const use of this.#uses) use.abort(this.#blocked);
  }

  async #openChannel(): Promise<ConfirmChannel> {
    try {
      const channel = await this.#connection.createConfirmChannel();
      channel.on('error', () => undefined);
      channel.on('close', () => this.#idle.delete(channel));
      return channel;
    } catch (error) {
      // Users of open channels may finish; the others get one on the next connection.
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
