/** RabbitMQ of Debian's package, with the users and queues that prepare.sh defines. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { reserveFreePort } from '../../src/local/processes/free-port.js';
import { withChannel } from '../../test/support/amqp-channel.js';
import { RabbitNode } from '../../test/support/rabbitmq-node.js';

const EXCHANGE = 'amq.topic';

/** A message of fedimg, as far as the checks read it. */
export interface Announcement {
  readonly topic: string;
  readonly messageId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export class Broker {
  /** Has no password; `passwordFile` has it. */
  readonly url: string;
  readonly passwordFile: string;
  readonly #node: RabbitNode;
  readonly #secrets: string;
  readonly #port: number;

  private constructor(node: RabbitNode, secrets: string, port: number) {
    this.#node = node;
    this.#secrets = secrets;
    this.#port = port;
    this.url = `amqp://fedimg@127.0.0.1:${port}/%2F`;
    this.passwordFile = path.join(secrets, 'rabbitmq-password');
  }

  static async start(secrets: string): Promise<Broker> {
    const [amqp, second, distribution] = await Promise.all([
      reserveFreePort(),
      reserveFreePort(),
      reserveFreePort(),
    ]);
    const node = await RabbitNode.create({ amqp, amqps: second, distribution });
    await node.start({
      'listeners.tcp.1': `127.0.0.1:${amqp}`,
      // The node of the tests waits for two listeners.
      'listeners.tcp.2': `127.0.0.1:${second}`,
      load_definitions: path.join(secrets, 'rabbitmq-definitions'),
      'disk_free_limit.absolute': '1MB',
    });
    return new Broker(node, secrets, amqp);
  }

  /** As the distribution's bridge: the broker has confirmed the message when this returns. */
  async announceCompose(topicPrefix: string, message: object): Promise<void> {
    await withChannel(await this.#urlOf('composes'), async (channel) => {
      const topic = `${topicPrefix}.pungi.compose.status.change`;
      channel.publish(EXCHANGE, topic, Buffer.from(JSON.stringify(message)), { persistent: true });
      await channel.waitForConfirms();
    });
  }

  /** Takes all messages that fedimg has sent. */
  async announcements(): Promise<Announcement[]> {
    return withChannel(await this.#urlOf('consumer'), async (channel) => {
      const all: Announcement[] = [];
      for (;;) {
        const message = await channel.get('announcements', { noAck: true });
        if (message === false) return all;
        const { fields, properties, content } = message;
        all.push({
          topic: fields.routingKey,
          messageId: String(properties.messageId),
          body: JSON.parse(content.toString('utf8')) as Record<string, unknown>,
        });
      }
    });
  }

  /** Messages about composes that the listener has not taken. */
  async waiting(): Promise<number> {
    const url = await this.#urlOf('fedimg');
    return withChannel(url, async (channel) => (await channel.checkQueue('fedimg')).messageCount);
  }

  close(): Promise<void> {
    return this.#node.close();
  }

  async #urlOf(user: 'fedimg' | 'composes' | 'consumer'): Promise<string> {
    const part = user === 'fedimg' ? '' : `${user}-`;
    const password = await readFile(path.join(this.#secrets, `rabbitmq-${part}password`), 'utf8');
    return `amqp://${user}:${password}@127.0.0.1:${this.#port}/%2F`;
  }
}
