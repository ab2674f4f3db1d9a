/** Publishes messages; a message counts as sent when the broker has confirmed it. */

import type { ConfirmChannel } from 'amqplib';
import type { BrokerSettings } from './connection.js';
import { isRefusal, reasonOf } from './connection.js';
import { BrokerError } from './errors.js';
import { Link } from './link.js';
import type { WireMessage } from './wire-message.js';

export interface SenderSettings extends BrokerSettings {
  readonly exchange: string;
  /** How long a confirmation may take; a dead broker never sends one. */
  readonly confirmTimeoutMs?: number;
}

const CONFIRM_TIMEOUT_MS = 30_000;

export class Sender {
  readonly #settings: SenderSettings;
  #link: Promise<Link> | undefined;

  constructor(settings: SenderSettings) {
    this.#settings = settings;
  }

  /** Resolves when the broker has confirmed the message; rejects with a `BrokerError`. */
  async send(message: WireMessage): Promise<void> {
    const link = await this.#connected();
    await link.use(async (signal) => {
      const channel = await link.take(signal);
      await this.#publish({ link, channel, signal }, message);
    });
  }

  async close(): Promise<void> {
    const link = await this.#link?.catch(() => undefined);
    this.#link = undefined;
    await link?.end();
  }

  /** One connection for all messages; the first message after a loss makes the next one. */
  #connected(): Promise<Link> {
    if (this.#link !== undefined) return this.#link;
    const link: Promise<Link> = Link.open(this.#settings, () => this.#forget(link));
    link.catch(() => this.#forget(link));
    this.#link = link;
    return link;
  }

  /** The report of a lost connection may come after the next one is open. */
  #forget(link: Promise<Link>): void {
    if (this.#link === link) this.#link = undefined;
  }

  #publish(
    { link, channel, signal }: { link: Link; channel: ConfirmChannel; signal: AbortSignal },
    { routingKey, content, properties }: WireMessage,
  ): Promise<void> {
    const { exchange, confirmTimeoutMs = CONFIRM_TIMEOUT_MS } = this.#settings;
    return new Promise((resolve, reject) => {
      let returned: string | undefined;
      const onReturn = ({ fields }: { readonly fields: object }): void => {
        returned = 'replyText' in fields ? String(fields.replyText) : 'returned';
      };
      const settle = (error?: BrokerError): void => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onError = (error: Error): void => settle(faultOf(error, routingKey));
      const onAnswer = (error: unknown): void => {
        channel.off('return', onReturn).off('error', onError);
        link.giveBack(channel);
        if (error !== null) settle(notConfirmed(error, routingKey));
        else settle(returned === undefined ? undefined : notTaken(returned, routingKey));
      };
      const timer = setTimeout(() => {
        const waited = `no confirmation of ${routingKey} in ${confirmTimeoutMs} ms`;
        settle(new BrokerError('unconfirmed', waited));
        // The other messages on this connection would wait in vain, too.
        void link.end();
      }, confirmTimeoutMs);
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
      channel.on('return', onReturn).on('error', onError);
      const options = { ...properties, mandatory: true };
      try {
        // The broker returns a message that reaches no queue before it confirms it.
        channel.publish(exchange, routingKey, content, options, onAnswer);
      } catch (error) {
        // The connection ended between the choice of the channel and its use.
        settle(notConfirmed(error, routingKey));
      }
    });
  }
}

function notConfirmed(error: unknown, routingKey: string): BrokerError {
  const why = `no confirmation of ${routingKey}: ${reasonOf(error)}`;
  return new BrokerError('unconfirmed', why, { cause: error });
}

function notTaken(reason: string, routingKey: string): BrokerError {
  return new BrokerError('returned', `the broker returned ${routingKey}: ${reason}`);
}

function faultOf(error: Error, routingKey: string): BrokerError {
  const refused = isRefusal(error);
  const message = refused
    ? `the broker refuses ${routingKey}: ${error.message}`
    : `the broker closed the channel of ${routingKey}: ${error.message}`;
  return new BrokerError(refused ? 'refused' : 'unconfirmed', message, { cause: error });
}
