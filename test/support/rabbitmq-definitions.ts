/** What Fedora's infrastructure sets and defines on its broker, as RabbitMQ's own files have it. */

import { createHash, randomBytes } from 'node:crypto';

/** Lines of rabbitmq.conf. */
export type BrokerSettings = Readonly<Record<string, string | number>>;

export const VHOST = '/pubsub';
export const EXCHANGE = 'amq.topic';

export const USERS = ['admin', 'fedimg', 'pungi', 'observer'] as const;
export type BrokerUser = (typeof USERS)[number];

export const COMPOSE_TOPIC = 'org.fedoraproject.*.pungi.compose.status.change';

/** The topics that a user may publish; the ones that are not named may publish all. */
const SENT_TOPICS: Partial<Record<BrokerUser, string>> = {
  fedimg: '^org\\.fedoraproject\\.[a-z]+\\.(fedimg|fedora_image_uploader)\\..*',
  pungi: '^org\\.fedoraproject\\.[a-z]+\\.pungi\\..*',
};

const NOTHING = '^$';
const EVERYTHING = '.*';

/**
 * Roles `rabbit/user` and `rabbit/queue` of Fedora's Ansible: a user may not configure, the topics that are sent
 * are a regular expression, and who has a queue may read and write what bears his name. Their expressions are
 * anchored no better than here.
 */
const PERMISSIONS: Record<BrokerUser, { configure: string; write: string; read: string }> = {
  admin: { configure: EVERYTHING, write: EVERYTHING, read: EVERYTHING },
  fedimg: queueOwner('fedimg'),
  pungi: { configure: NOTHING, write: '^(amq\\.topic)$', read: NOTHING },
  observer: queueOwner('observer'),
};

/** Both queues are there before any client is: clients only declare passively. */
const QUEUES: Record<string, string> = { fedimg: COMPOSE_TOPIC, observer: '#' };

export function definitions(passwords: Readonly<Record<BrokerUser, string>>): string {
  return JSON.stringify({
    users: USERS.map((name) => ({
      name,
      password_hash: passwordHash(passwords[name]),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: name === 'admin' ? ['administrator'] : [],
    })),
    vhosts: [{ name: VHOST }],
    permissions: USERS.map((user) => ({ user, vhost: VHOST, ...PERMISSIONS[user] })),
    topic_permissions: Object.entries(SENT_TOPICS).map(([user, write]) => ({
      user,
      vhost: VHOST,
      exchange: EXCHANGE,
      write,
      read: EVERYTHING,
    })),
    queues: Object.keys(QUEUES).map((name) => ({
      name,
      vhost: VHOST,
      durable: true,
      auto_delete: false,
      arguments: {},
    })),
    bindings: Object.entries(QUEUES).map(([destination, routing_key]) => ({
      source: EXCHANGE,
      vhost: VHOST,
      destination,
      destination_type: 'queue',
      routing_key,
      arguments: {},
    })),
  });
}

export interface ListenerSettings {
  readonly amqpPort: number;
  readonly amqpsPort: number;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Fedora has no listener without TLS and no passwords: these two are for what tests prepare and look at. */
export function brokerSettings(listeners: ListenerSettings): BrokerSettings {
  return {
    'listeners.tcp.1': `127.0.0.1:${listeners.amqpPort}`,
    'listeners.ssl.1': `127.0.0.1:${listeners.amqpsPort}`,
    'ssl_options.cacertfile': listeners.caFile,
    'ssl_options.certfile': listeners.certFile,
    'ssl_options.keyfile': listeners.keyFile,
    'ssl_options.verify': 'verify_peer',
    'ssl_options.fail_if_no_peer_cert': 'true',
    ssl_cert_login_from: 'common_name',
    'auth_mechanisms.1': 'EXTERNAL',
    'auth_mechanisms.2': 'PLAIN',
    heartbeat: 600,
    channel_max: 128,
    // A disk that others fill must not block the publishers of a test.
    'disk_free_limit.absolute': '1MB',
  };
}

function queueOwner(name: string): { configure: string; write: string; read: string } {
  return {
    configure: NOTHING,
    write: `^(amq\\.topic)|(${name}.*)$`,
    read: `^(zmq\\.topic)|^(amq\\.topic)|(${name}.*)$`,
  };
}

/** As RabbitMQ computes it: a salt of four bytes, before the password and before the digest. */
function passwordHash(password: string): string {
  const salt = randomBytes(4);
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}
