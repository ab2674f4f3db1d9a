/** What sends messages, at one real broker: a start of the broker costs five seconds of a core. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBroker, endConnection } from '../../src/messaging/connection.js';
import { BrokerError } from '../../src/messaging/errors.js';
import type { SenderSettings } from '../../src/messaging/sender.js';
import { Sender } from '../../src/messaging/sender.js';
import type { BrokerConnection } from '../support/rabbitmq.js';
import { EXCHANGE, useBroker } from '../support/rabbitmq.js';
import { until } from '../support/until.js';
import { ids, isFault, message, TOPIC } from './sent-messages.js';

describe('at a broker', () => {
  const broker = useBroker();

  describe('a sender', () => {
    let sender: Sender;

    beforeEach(() => {
      sender = new Sender({ url: broker().url('fedimg'), exchange: EXCHANGE });
    });
    afterEach(async () => {
      await sender.close();
      await broker().drain('observer');
    });

    it('resolves only when the broker has the message, and keeps the order', async () => {
      for (const id of ['1', '2', '3']) await sender.send(message(id));
      assert.deepEqual(ids(await broker().drain('observer')), ['1', '2', '3']);
    });

    it('logs in by its certificate, without a password', async () => {
      const { tls } = broker();
      await sender.close();
      sender = new Sender({ ...tls, exchange: EXCHANGE });
      await sender.send(message('by certificate'));
      const [connection] = await broker().connections();
      assert.equal(connection?.user, 'fedimg');
      assert.equal(connection.mechanism, 'EXTERNAL');
    });

    it('makes one connection for all messages that are sent at once', async () => {
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => sender.send(message(`m${index}`))),
      );
      assert.equal((await broker().connections()).length, 1);
      assert.equal((await broker().drain('observer')).length, 40);
    });

    it('fails for good at a refused topic, while other messages arrive', async () => {
      const foreign = message('foreign', 'org.fedoraproject.stg.bodhi.update');
      const results = await Promise.allSettled([
        sender.send(message('a')),
        sender.send(foreign),
        sender.send(message('b')),
      ]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      await assert.rejects(sender.send(foreign), isFault('refused'));
      assert.deepEqual(ids(await broker().drain('observer')).sort(), ['a', 'b']);
    });

    it('rejects when no queue takes a message, which would be lost', async () => {
      await broker().deleteQueue('observer');
      await assert.rejects(sender.send(message('lost')), isFault('returned'));
      await broker().declareQueue('observer', ['#']);
      await sender.send(message('taken'));
      assert.deepEqual(ids(await broker().drain('observer')), ['taken']);
    });

    it('rejects at once without a broker, and works when it is back', async () => {
      await sender.send(message('before'));
      await broker().kill();
      await assert.rejects(sender.send(message('during')), BrokerError);
      await assert.rejects(sender.send(message('during')), isFault('unreachable'));
      await broker().start();
      await sender.send(message('after'));
      assert.deepEqual(ids(await broker().drain('observer')), ['before', 'after']);
    });

    it('reports a failed login with the host and without the password', async () => {
      const wrong = broker()
        .url('fedimg')
        .replace(/:[0-9a-f]+@/, ':geheim@');
      const stranger = new Sender({ url: wrong, exchange: EXCHANGE });
      await assert.rejects(stranger.send(message('x')), (error: Error) => {
        assert.match(error.message, /127\.0\.0\.1/);
        assert.doesNotMatch(error.message, /geheim/);
        return isFault('unreachable')(error);
      });
    });
  });

  describe('a sender whose broker is in trouble', () => {
    let sender: Sender;

    afterEach(async () => {
      await sender.close();
      await broker().drain('observer');
    });

    const senderOf = (settings: Partial<SenderSettings> = {}): Sender =>
      new Sender({ url: broker().url('fedimg'), exchange: EXCHANGE, ...settings });
    const withChannelMax = (channelMax: number): string =>
      `${broker().url('fedimg')}?channelMax=${channelMax}`;
    const connections = async (): Promise<BrokerConnection[]> =>
      (await broker().connections()).filter(({ user }) => user === 'fedimg');
    const hasOneConnection = async (): Promise<boolean> => (await connections()).length === 1;
    const isSent = (id: string): Promise<boolean> =>
      sender.send(message(id)).then(
        () => true,
        () => false,
      );

    it('logs in with the password that its file has now, and not with that of the start', async () => {
      const file = join(broker().directory, 'password');
      const url = new URL(broker().url('fedimg'));
      const { password } = url;
      url.password = '';
      await writeFile(file, 'an old one');
      sender = senderOf({ url: url.href, passwordFile: file });
      await assert.rejects(sender.send(message('refused')), isFault('unreachable'));
      await writeFile(file, `${decodeURIComponent(password)}\n`);
      await sender.send(message('renewed'));
      assert.deepEqual(ids(await broker().drain('observer')), ['renewed']);
    });

    it('does not run out of channels on a queue that is full for days', async () => {
      await broker().declareQueue('full', [TOPIC], { maxLength: 1, overflow: 'reject-publish' });
      sender = senderOf({ url: withChannelMax(6) });
      try {
        await sender.send(message('fills it'));
        for (let attempt = 0; attempt < 10; attempt += 1) {
          await assert.rejects(sender.send(message('too many')), isFault('unconfirmed'));
        }
        const channels = (await connections()).map((connection) => connection.channels);
        assert.deepEqual(channels, [1]);
      } finally {
        await broker().deleteQueue('full');
      }
      await sender.send(message('after'));
    });

    it('gets a channel at the second attempt when all channels are in use', async () => {
      sender = senderOf({ url: withChannelMax(6) });
      const twice = (id: string): Promise<void> =>
        sender.send(message(id)).catch((error: unknown) => {
          isFault('unreachable')(error);
          return sender.send(message(id));
        });
      const all = Array.from({ length: 10 }, (_, index) => `m${index}`);
      await Promise.all(all.map(twice));
      assert.deepEqual(ids(await broker().drain('observer')).sort(), all);
      await until('the full connection is closed', hasOneConnection);
    });

    it('keeps the new connection when the old one ends late', async () => {
      sender = senderOf({ confirmTimeoutMs: 3_000 });
      await sender.send(message('before'));
      await broker().freeze();
      let next: Promise<void>;
      try {
        await assert.rejects(sender.send(message('stuck')), isFault('unconfirmed'));
        next = sender.send(message('next'));
      } finally {
        broker().thaw();
      }
      await next;
      await until('the old connection is closed', hasOneConnection);
      await sender.send(message('last'));
      assert(await hasOneConnection(), 'no hasOneConnection()');
    });

    it('reports at once that the broker is short of memory, and keeps its connection until then', async () => {
      sender = senderOf();
      await sender.send(message('before'));
      await broker().pauseAccepting();
      try {
        const stuck = ['stuck 1', 'stuck 2', 'stuck 3'].map((id) => sender.send(message(id)));
        // The first has a channel, and the others wait for one.
        await Promise.all(stuck.map((one) => assert.rejects(one, isFault('blocked'))));
        await assert.rejects(sender.send(message('later')), isFault('blocked'));
        assert(await hasOneConnection(), 'no hasOneConnection()');
      } finally {
        await broker().resumeAccepting();
      }
      await until('the broker takes messages again', () => isSent('after'));
      assert(await hasOneConnection(), 'no hasOneConnection()');
      const arrived = ids(await broker().drain('observer')).map(String);
      // What was on its way when the alarm came may arrive when it ends: the same message, by its id.
      assert.deepEqual(
        arrived.filter((id) => !id.startsWith('stuck')),
        ['before', 'after'],
      );
    });

    it('survives an alarm that is longer than a confirmation may take', async () => {
      const confirmTimeoutMs = 3_000;
      sender = senderOf({ confirmTimeoutMs });
      await sender.send(message('before'));
      const [before] = await connections();
      await broker().pauseAccepting();
      try {
        const overdue = performance.now() + 2 * confirmTimeoutMs;
        await until('a confirmation is overdue', async () => {
          await assert.rejects(sender.send(message('stuck')), isFault('blocked'));
          return performance.now() > overdue;
        });
      } finally {
        await broker().resumeAccepting();
      }
      await until('the broker takes messages again', () => isSent('after'));
      const ports = (await connections()).map(({ clientPort }) => clientPort);
      assert.deepEqual(ports, [before?.clientPort]);
    });

    it('closes its connection to a broker that does not answer', async () => {
      sender = senderOf();
      await sender.send(message('before'));
      await broker().freeze();
      try {
        await sender.close();
      } finally {
        broker().thaw();
      }
      await until('the connection is gone', async () => (await connections()).length === 0);
    });
  });

  describe('a password in a file', () => {
    let folder = '';
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fedimg-password-'));
    });
    after(() => rm(folder, { recursive: true }));

    it('is read at each connection, so a new password needs no restart', async () => {
      const url = new URL(broker().url('fedimg'));
      const password = decodeURIComponent(url.password);
      url.password = '';
      const passwordFile = join(folder, 'password');
      const settings = { url: url.href, passwordFile };
      await writeFile(passwordFile, 'the old one\n');
      await assert.rejects(connectBroker(settings, 'test'), /ACCESS_REFUSED|403|no connection/);
      await writeFile(passwordFile, `${password}\n`);
      await endConnection(await connectBroker(settings, 'test'));
    });

    it('that is missing is named, without the password of the connection before', async () => {
      const settings = { url: broker().url('fedimg'), passwordFile: join(folder, 'none') };
      await assert.rejects(connectBroker(settings, 'test'), /none cannot be read: ENOENT/);
    });
  });
});
