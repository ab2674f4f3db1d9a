/** A running broker as tests see it: where to log in, what happens to it, and what is in its queues. */

import type { ConfirmChannel, MessageProperties, Options } from 'amqplib';
import { withChannel } from './amqp-channel.js';
import type { BrokerLogins, TlsLogin } from './broker-logins.js';
import type { BrokerConnection, Permission, QueueDepth } from './rabbitmq-control.js';
import type { BrokerSettings, BrokerUser } from './rabbitmq-definitions.js';
import { EXCHANGE } from './rabbitmq-definitions.js';
import type { RabbitNode } from './rabbitmq-node.js';
import { until } from './until.js';

export interface QueueOptions {
  readonly maxLength?: number;
  readonly overflow?: 'drop-head' | 'reject-publish';
}

export interface QueuedMessage {
  readonly topic: string;
  readonly properties: MessageProperties;
  readonly body: string;
}

interface BrokerParts {
  readonly node: RabbitNode;
  readonly settings: BrokerSettings;
  readonly logins: BrokerLogins;
  readonly tls: TlsLogin;
}

export class Broker {
  /** The login of `fedimg`. */
  readonly tls: TlsLogin;
  readonly #node: RabbitNode;
  readonly #settings: BrokerSettings;
  readonly #logins: BrokerLogins;

  constructor({ node, settings, logins, tls }: BrokerParts) {
    this.tls = tls;
    this.#node = node;
    this.#settings = settings;
    this.#logins = logins;
  }

  get pid(): number | undefined {
    return this.#node.pid;
  }

  get directory(): string {
    return this.#node.directory;
  }

  /** Without TLS, with a password. */
  url(user: BrokerUser): string {
    return this.#logins.url(user);
  }

  /** The login of any user name. The broker accepts only the users in its definitions. */
  tlsFor(user: string): Promise<TlsLogin> {
    return this.#logins.tlsFor(user);
  }

  /** After `stop` or `kill`: at the same ports, with the durable queues and the messages that were persistent. */
  start(): Promise<void> {
    return this.#node.start(this.#settings);
  }

  /** As a service manager does it: connections are closed in order. */
  stop(): Promise<void> {
    return this.#node.stop();
  }

  /** As a crash does it (SIGKILL). */
  kill(): Promise<void> {
    return this.#node.kill();
  }

  /**
   * It is there and says nothing any more, as behind a dead network: heartbeats and waits are all that tells.
   * Resolves when nothing of it runs any more.
   */
  async freeze(): Promise<void> {
    this.#node.signal('SIGSTOP');
    await until('the broker stands still', () => this.#node.isStopped());
  }

  thaw(): void {
    this.#node.signal('SIGCONT');
  }

  /** Ends it and removes everything. Safe to repeat. */
  close(): Promise<void> {
    return this.#node.close();
  }

  /** Publishers are blocked from here on, as when memory runs out: nothing is confirmed, nothing is refused. */
  pauseAccepting(): Promise<void> {
    return this.#node.control.setMemoryAlarm(true);
  }

  resumeAccepting(): Promise<void> {
    return this.#node.control.setMemoryAlarm(false);
  }

  depth(queue: string): Promise<QueueDepth> {
    return this.#node.control.depth(queue);
  }

  connections(): Promise<BrokerConnection[]> {
    return this.#node.control.connections();
  }

  /** As an administrator does it: the clients are told CONNECTION_FORCED. Returns how many were closed. */
  closeConnections(user?: BrokerUser): Promise<number> {
    return this.#node.control.closeConnections(user);
  }

  /** Holds for channels that are opened from now on: an open one remembers what it was allowed. */
  setPermission(user: BrokerUser, permission: Permission): Promise<void> {
    return this.#node.control.setPermission(user, permission);
  }

  /** Holds for channels that are opened from now on. The words are regular expressions. */
  setTopicPermission(user: BrokerUser, words: { write: string; read: string }): Promise<void> {
    return this.#node.control.setTopicPermission(user, EXCHANGE, words);
  }

  /** A durable queue, bound to `amq.topic` by each of the routing keys. */
  async declareQueue(
    name: string,
    bindings: readonly string[],
    { maxLength, overflow }: QueueOptions = {},
  ): Promise<void> {
    const limits = {
      ...(maxLength === undefined ? {} : { 'x-max-length': maxLength }),
      ...(overflow === undefined ? {} : { 'x-overflow': overflow }),
    };
    await this.#withChannel('admin', async (channel) => {
      await channel.assertQueue(name, { durable: true, arguments: limits });
      for (const binding of bindings) await channel.bindQueue(name, EXCHANGE, binding);
    });
  }

  async deleteQueue(name: string): Promise<void> {
    await this.#withChannel('admin', (channel) => channel.deleteQueue(name));
  }

  /** Removes what waits in the queue; what is with a consumer stays. */
  async purge(queue: string): Promise<void> {
    await this.#withChannel('admin', (channel) => channel.purgeQueue(queue));
  }

  /** Takes all messages that wait in the queue out of it. */
  async drain(queue: string): Promise<QueuedMessage[]> {
    return await this.#withChannel('admin', async (channel) => {
      const messages: QueuedMessage[] = [];
      for (;;) {
        const message = await channel.get(queue, { noAck: true });
        if (message === false) return messages;
        const { fields, properties, content } = message;
        messages.push({
          topic: fields.routingKey,
          properties,
          body: content.toString('utf8'),
        });
      }
    });
  }

  /** One persistent message to `amq.topic`; returns when the broker has confirmed it, throws when it refuses. */
  async publish(
    user: BrokerUser,
    topic: string,
    body: string | Buffer,
    options: Options.Publish = {},
  ): Promise<void> {
    await this.#withChannel(user, async (channel) => {
      channel.publish(EXCHANGE, topic, Buffer.from(body), { persistent: true, ...options });
      await channel.waitForConfirms();
    });
  }

  #withChannel<T>(user: BrokerUser, body: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    return withChannel(this.url(user), body);
  }
}
