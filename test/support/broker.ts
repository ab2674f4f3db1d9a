/** A running broker as tests see it: where to log in, what happens to it, and what is in its queues. */

import type { ConfirmChannel, MessageProperties, Options } from 'amqplib';
import { withChannel } from './amqp-channel.js';
import type { CertificateAuthority } from './certificates.js';
import type { BrokerConnection, Permission, QueueDepth } from './rabbitmq-control.js';
import type { BrokerSettings, BrokerUser } from './rabbitmq-definitions.js';
import { EXCHANGE, VHOST } from './rabbitmq-definitions.js';
import type { RabbitNode } from './rabbitmq-node.js';

/** What a client needs to log in by certificate (SASL EXTERNAL). */
export interface TlsLogin {
  readonly url: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

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
  readonly passwords: Readonly<Record<BrokerUser, string>>;
  readonly authority: CertificateAuthority;
}

const VHOST_IN_URL = encodeURIComponent(VHOST);

export class Broker {
  /** The login of `fedimg`. */
  readonly tls: TlsLogin;
  readonly #parts: BrokerParts;

  private constructor(parts: BrokerParts, tls: TlsLogin) {
    this.#parts = parts;
    this.tls = tls;
  }

  static async create(parts: BrokerParts): Promise<Broker> {
    return new Broker(parts, await issueLogin(parts, 'fedimg'));
  }

  get pid(): number | undefined {
    return this.#parts.node.pid;
  }

  get directory(): string {
    return this.#parts.node.directory;
  }

  /** Without TLS, with a password. */
  url(user: BrokerUser): string {
    const { node, passwords } = this.#parts;
    return `amqp://${user}:${passwords[user]}@127.0.0.1:${node.ports.amqp}/${VHOST_IN_URL}`;
  }

  /** The login of whom you like: the broker knows nobody who is not in its definitions. */
  tlsFor(user: string): Promise<TlsLogin> {
    return issueLogin(this.#parts, user);
  }

  /** After `stop` or `kill`: at the same ports, with the durable queues and the messages that were persistent. */
  start(): Promise<void> {
    return this.#parts.node.start(this.#parts.settings);
  }

  /** As a service manager does it: connections are closed in order. */
  stop(): Promise<void> {
    return this.#parts.node.stop();
  }

  /** As a crash does it (SIGKILL). */
  kill(): Promise<void> {
    return this.#parts.node.kill();
  }

  /** Ends it and removes everything. Safe to repeat. */
  close(): Promise<void> {
    return this.#parts.node.close();
  }

  /** Publishers are blocked from here on, as when memory runs out: nothing is confirmed, nothing is refused. */
  pauseAccepting(): Promise<void> {
    return this.#parts.node.control.setMemoryAlarm(true);
  }

  resumeAccepting(): Promise<void> {
    return this.#parts.node.control.setMemoryAlarm(false);
  }

  depth(queue: string): Promise<QueueDepth> {
    return this.#parts.node.control.depth(queue);
  }

  connections(): Promise<BrokerConnection[]> {
    return this.#parts.node.control.connections();
  }

  /** As an administrator does it: the clients are told CONNECTION_FORCED. Returns how many were closed. */
  closeConnections(user?: BrokerUser): Promise<number> {
    return this.#parts.node.control.closeConnections(user);
  }

  /** Holds for channels that are opened from now on: an open one remembers what it was allowed. */
  setPermission(user: BrokerUser, permission: Permission): Promise<void> {
    return this.#parts.node.control.setPermission(user, permission);
  }

  /** Holds for channels that are opened from now on. The words are regular expressions. */
  setTopicPermission(user: BrokerUser, words: { write: string; read: string }): Promise<void> {
    return this.#parts.node.control.setTopicPermission(user, EXCHANGE, words);
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

async function issueLogin({ node, authority }: BrokerParts, user: string): Promise<TlsLogin> {
  const certificate = await authority.issue({
    name: user,
    commonName: user,
    usage: 'clientAuth',
  });
  // A name, not an address: that the certificate's name is checked is part of what is tested.
  const url = `amqps://${user}:@localhost:${node.ports.amqps}/${VHOST_IN_URL}`;
  return { url, caFile: authority.caFile, ...certificate };
}
