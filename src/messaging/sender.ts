/** Publishes messages one by one, each confirmed by the broker before it counts as sent. */

import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { BrokerSettings } from './connection.js';
import { connectBroker, isRefusal, reasonOf } from './connection.js';
import { BrokerError } from './errors.js';
import type { WireMessage } from './wire-message.js';

export interface SenderSettings extends BrokerSettings {
  readonly exchange: string;
  /** How long a confirmation may take; a broker that died may never send one. */
  readonly confirmTimeoutMs?: number;
}

const CONFIRM_TIMEOUT_MS = 30_000;

interface Link {
  readonly connection: ChannelModel;
  /** Channels that nobody uses; each message has one for itself, so that a refusal closes no other's. */
  readonly idle: ConfirmChannel[];
  blocked: string | undefined;
}

export class Sender {
  readonly #settings: SenderSettings;
  #link: Promise<Link> | undefined;

  constructor(settings: SenderSettings) {
    this.#settings = settings;
  }

  /** Resolves when the broker has confirmed the message; rejects with a `BrokerError`. */
  async send(message: WireMessage): Promise<void> {
    const link = await this.#connected();
    if (link.blocked !== undefined) {
      throw new BrokerError('blocked', `the broker takes no messages: ${link.blocked}`);
    }
    const channel = link.idle.pop() ?? (await openChannel(link.connection));
    try {
      await this.#publish(link, channel, message);
      link.idle.push(channel);
    } catch (error) {
      if (error instanceof BrokerError && error.fault === 'returned') link.idle.push(channel);
      throw error;
    }
  }

  async close(): Promise<void> {
    const link = await this.#link?.catch(() => undefined);
    this.#link = undefined;
    await link?.connection.close().catch(() => undefined);
  }

  #connected(): Promise<Link> {
    this.#link ??= this.#connect();
    return this.#link;
  }

  /** One connection for all; whoever finds none, or a lost one, makes the next. */
  async #connect(): Promise<Link> {
    try {
      const connection = await connectBroker(this.#settings, 'fedimg worker');
      const link: Link = { connection, idle: [], blocked: undefined };
      connection.on('blocked', (reason) => (link.blocked = reason));
      connection.on('unblocked', () => (link.blocked = undefined));
      connection.on('close', () => this.#forget());
      return link;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#link = undefined;
  }

  #publish(link: Link, channel: ConfirmChannel, message: WireMessage): Promise<void> {
    const { exchange, confirmTimeoutMs = CONFIRM_TIMEOUT_MS } = this.#settings;
    const { routingKey, content, properties } = message;
    return new Promise((resolve, reject) => {
      let returned: string | undefined;
      const onReturn = ({ fields }: { readonly fields: object }): void => {
        returned = 'replyText' in fields ? String(fields.replyText) : 'returned';
      };
      const onError = (error: Error): void => settle(faultOf(error, routingKey));
      const settle = (error?: BrokerError): void => {
        clearTimeout(timer);
        channel.off('return', onReturn).off('error', onError);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer = setTimeout(() => {
        const waited = `no confirmation of ${routingKey} in ${confirmTimeoutMs} ms`;
        settle(new BrokerError('unconfirmed', waited));
        // Whoever else waits on this connection waits in vain, too.
        this.#drop(link);
      }, confirmTimeoutMs);
      channel.on('return', onReturn).on('error', onError);
      // The broker returns what reaches no queue before it confirms it.
      channel.publish(
        exchange,
        routingKey,
        content,
        { ...properties, mandatory: true },
        (error) => {
          if (error !== null) {
            const why = `no confirmation of ${routingKey}: ${reasonOf(error)}`;
            settle(new BrokerError('unconfirmed', why, { cause: error }));
          } else if (returned !== undefined) {
            settle(new BrokerError('returned', `the broker returned ${routingKey}: ${returned}`));
          } else {
            settle();
          }
        },
      );
    });
  }

  #drop(link: Link): void {
    this.#link = undefined;
    link.connection.close().catch(() => undefined);
  }
}

async function openChannel(connection: ChannelModel): Promise<ConfirmChannel> {
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    return channel;
  } catch (error) {
    throw new BrokerError('unreachable', `no channel to the broker: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function faultOf(error: Error, routingKey: string): BrokerError {
  const refused = isRefusal(error);
  const message = refused
    ? `the broker refuses ${routingKey}: ${error.message}`
    : `the broker closed the channel of ${routingKey}: ${error.message}`;
  return new BrokerError(refused ? 'refused' : 'unconfirmed', message, { cause: error });
}
