/** A real RabbitMQ broker of a test file's own, set up as Fedora's: users, permissions, queues, certificates. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reserveFreePort } from '../../src/local/processes/free-port.js';
import { Broker } from './broker.js';
import { BrokerLogins } from './broker-logins.js';
import { createAuthority } from './certificates.js';
import type { BrokerSettings } from './rabbitmq-definitions.js';
import { brokerSettings, definitions } from './rabbitmq-definitions.js';
import { PortTakenError, RabbitNode } from './rabbitmq-node.js';

export type { Broker, QueuedMessage } from './broker.js';
export type { TlsLogin } from './broker-logins.js';
export type { BrokerConnection, QueueDepth } from './rabbitmq-control.js';
export type { BrokerUser } from './rabbitmq-definitions.js';
export { COMPOSE_TOPIC, EXCHANGE, VHOST } from './rabbitmq-definitions.js';

export interface BrokerOptions {
  /** Lines of rabbitmq.conf beside or instead of ours: `{ consumer_timeout: 10_000 }`. */
  readonly settings?: BrokerSettings;
}

const PORT_ATTEMPTS_MAX = 3;

/** Starts a broker before the current suite and removes it behind it; the returned function names it. */
export function useBroker(options?: BrokerOptions): () => Broker {
  let broker: Broker | undefined;
  before(async () => {
    broker = await startBroker(options);
  });
  after(() => broker?.close());
  return () => {
    if (broker === undefined) throw new TypeError('the broker is there only while tests run');
    return broker;
  };
}

/** Returns when clients can log in. What is not installed is named in one line, with the package to install. */
export async function startBroker({ settings = {} }: BrokerOptions = {}): Promise<Broker> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = {
      amqp: await reserveFreePort(),
      amqps: await reserveFreePort(),
      distribution: await reserveFreePort(),
    };
    const node = await RabbitNode.create(ports);
    try {
      return await startAsFedora(node, settings);
    } catch (error) {
      await node.close();
      if (!(error instanceof PortTakenError) || attempt >= PORT_ATTEMPTS_MAX) throw error;
    }
  }
}

async function startAsFedora(node: RabbitNode, extra: BrokerSettings): Promise<Broker> {
  const directory = join(node.directory, 'certificates');
  await mkdir(directory);
  const authority = await createAuthority(directory);
  const server = await authority.issue({
    name: 'server',
    commonName: 'localhost',
    usage: 'serverAuth',
    alternativeNames: 'DNS:localhost,IP:127.0.0.1',
  });
  const logins = new BrokerLogins(node.ports, authority);
  const settings = {
    ...brokerSettings({
      amqpPort: node.ports.amqp,
      amqpsPort: node.ports.amqps,
      caFile: authority.caFile,
      ...server,
    }),
    ...extra,
  };
  const tls = await logins.tlsFor('fedimg');
  const definitionsFile = join(node.directory, 'definitions.json');
  await writeFile(definitionsFile, definitions(logins.passwords));
  // Only now: at a later start, they would bring back what a test has changed or removed.
  await node.start({ ...settings, load_definitions: definitionsFile });
  return new Broker({ node, settings, logins, tls });
}
