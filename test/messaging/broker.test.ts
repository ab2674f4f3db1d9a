/** What the other tests of this folder stand on: a broker that allows no more than Fedora's, and leaves nothing. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, credentials } from 'amqplib';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { withChannel } from '../support/amqp-channel.js';
import { createAuthority } from '../support/certificates.js';
import type { BrokerUser, TlsLogin } from '../support/rabbitmq.js';
import { EXCHANGE, useBroker } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const COMPOSE = 'org.fedoraproject.prod.pungi.compose.status.change';
const PUBLISHED = 'org.fedoraproject.prod.fedimg.image.publish';

describe('a client of the test broker', () => {
  const broker = useBroker();
  const as = <T>(user: BrokerUser, body: (channel: ConfirmChannel) => Promise<T>): Promise<T> =>
    withChannel(broker().url(user), body);

  afterEach(async () => {
    await broker().purge('fedimg');
    await broker().purge('observer');
  });

  it('can check that its queue exists, and can neither make nor change one', async () => {
    const { queue } = await as('fedimg', (channel) => channel.checkQueue('fedimg'));
    assert.equal(queue, 'fedimg');
    for (const name of ['fedimg', 'fedimg_other', '']) {
      const making = as('fedimg', (channel) => channel.assertQueue(name));
      await assert.rejects(making, { code: 403 }, `it could make "${name}"`);
    }
    const missing = as('fedimg', (channel) => channel.checkQueue('fedimg_other'));
    await assert.rejects(missing, { code: 404 });
  });

  it('may not use the topics and the queues of others', async () => {
    await broker().publish('fedimg', PUBLISHED, '{}');
    for (const topic of [COMPOSE, PUBLISHED.replace('.prod.', '.'), 'fedimg.image.publish']) {
      await assert.rejects(broker().publish('fedimg', topic, '{}'), { code: 403 }, topic);
    }
    await assert.rejects(broker().publish('pungi', PUBLISHED, '{}'), { code: 403 });
    const topics = (await broker().drain('observer')).map(({ topic }) => topic);
    assert.deepEqual(topics, [PUBLISHED]);
    const reading = as('fedimg', (channel) => channel.consume('observer', () => undefined));
    await assert.rejects(reading, { code: 403 });
    const around = as('fedimg', async (channel) => {
      channel.publish('', 'observer', Buffer.from('{}'));
      await channel.waitForConfirms();
    });
    await assert.rejects(around, { code: 403 });
  });

  it('gets only composes into its queue', async () => {
    await broker().publish('pungi', COMPOSE, '{"compose_id":"one"}');
    await broker().publish('pungi', COMPOSE.replace('status', 'other'), '{}');
    assert.deepEqual(await broker().depth('fedimg'), { ready: 1, unacked: 0, consumers: 0 });
    assert.equal((await broker().depth('observer')).ready, 2);
    const [message] = await broker().drain('fedimg');
    assert.deepEqual([message?.topic, message?.body], [COMPOSE, '{"compose_id":"one"}']);
  });

  it('logs in by its certificate, as the user that the certificate names', async () => {
    const connection = await connectByCertificate(broker().tls);
    const seen = (await broker().connections()).find(({ tls }) => tls);
    await connection.close();
    assert.deepEqual([seen?.user, seen?.tls, seen?.mechanism], ['fedimg', true, 'EXTERNAL']);
    await assert.rejects(connectByCertificate(await broker().tlsFor('stranger')), /ACCESS_REFUSED/);
    const { caFile, url } = broker().tls;
    await assert.rejects(
      connect(url, { ca: [await readFile(caFile)] }),
      'it needed no certificate',
    );
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-authority-'));
    try {
      const other = await createAuthority(directory);
      const request = { name: 'fedimg', commonName: 'fedimg', usage: 'clientAuth' } as const;
      const forged = { url, caFile, ...(await other.issue(request)) };
      await assert.rejects(
        connectByCertificate(forged),
        'it took the certificate of another authority',
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('gets the reason when an administrator closes its connection', async () => {
    const connection = await connect(broker().url('fedimg'), { clientProperties: { app: 'told' } });
    const told: unknown[] = [];
    // No 'error': the library takes this for an orderly end, and hands the reason to 'close'.
    connection.on('close', (error) => told.push(error));
    const seen = await broker().connections();
    assert(
      seen.some(({ clientProperties }) => clientProperties['app'] === 'told'),
      JSON.stringify(seen),
    );
    assert.equal(await broker().closeConnections('pungi'), 0);
    assert((await broker().closeConnections('fedimg')) > 0, 'no connection of fedimg');
    await until('the reason', () => told.length > 0);
    assert.match(String(told[0]), /CONNECTION_FORCED/);
    await until(
      'all connections are gone',
      async () => (await broker().connections()).length === 0,
    );
  });

  it('is neither confirmed nor refused while the broker accepts nothing', async () => {
    await broker().pauseAccepting();
    try {
      await as('pungi', async (channel) => {
        let confirmed = false;
        channel.publish(EXCHANGE, COMPOSE, Buffer.from('{}'), {}, () => (confirmed = true));
        await until('it is blocked', async () =>
          (await broker().connections()).some(({ state }) => state === 'blocked'),
        );
        assert.equal(confirmed, false);
        assert.equal((await broker().depth('fedimg')).ready, 0);
        await broker().resumeAccepting();
        await channel.waitForConfirms();
      });
    } finally {
      await broker().resumeAccepting();
    }
    assert.equal((await broker().depth('fedimg')).ready, 1);
  });

  it('gets no answer from a broker that hangs, and all answers when it continues', async () => {
    await as('pungi', async (channel) => {
      let confirmed = false;
      try {
        await broker().freeze();
        channel.publish(EXCHANGE, COMPOSE, Buffer.from('{}'), {}, () => (confirmed = true));
        await assert.rejects(connect(broker().url('fedimg'), { timeout: 300 }), /ETIMEDOUT/);
        assert.equal(confirmed, false);
      } finally {
        broker().thaw();
      }
      await channel.waitForConfirms();
    });
  });

  it('is refused by a full queue', async () => {
    const limits = { maxLength: 1, overflow: 'reject-publish' } as const;
    await broker().declareQueue('full', ['org.fedoraproject.*.pungi.full'], limits);
    const topic = 'org.fedoraproject.prod.pungi.full';
    await broker().publish('pungi', topic, 'first');
    await assert.rejects(broker().publish('pungi', topic, 'second'), /nack/);
    assert.equal((await broker().drain('full')).length, 1);
    await broker().deleteQueue('full');
    await assert.rejects(broker().depth('full'), /no queue full/);
  });

  it('gets the permissions that a test gives it, or takes from it', async () => {
    const { write, read } = { write: '^org\\.other\\..*', read: '.*' };
    await broker().setTopicPermission('observer', { write, read });
    await broker().publish('observer', 'org.other.topic', '{}');
    await assert.rejects(broker().publish('observer', PUBLISHED, '{}'), { code: 403 });
    await broker().setPermission('observer', { configure: '^$', write: '^$', read: '^$' });
    await assert.rejects(broker().publish('observer', 'org.other.topic', '{}'), { code: 403 });
  });
});

async function connectByCertificate(login: TlsLogin): Promise<ChannelModel> {
  return await connect(login.url, {
    ca: [await readFile(login.caFile)],
    cert: await readFile(login.certFile),
    key: await readFile(login.keyFile),
    credentials: credentials.external(),
  });
}
