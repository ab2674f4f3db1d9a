import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerFault } from '../../src/messaging/errors.js';
import { BrokerError } from '../../src/messaging/errors.js';
import { Sender } from '../../src/messaging/sender.js';
import type { WireMessage } from '../../src/messaging/wire-message.js';
import { EXCHANGE, useBroker, type QueuedMessage } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const TOPIC = 'org.fedoraproject.stg.fedimg.image.upload';

function message(id: string, routingKey = TOPIC): WireMessage {
  const properties = { messageId: id, deliveryMode: 2 as const, headers: { priority: 0 } };
  return { routingKey, content: Buffer.from(JSON.stringify({ id })), properties };
}

const isFault =
  (fault: BrokerFault) =>
  (error: unknown): true => {
    assert(error instanceof BrokerError, String(error));
    assert.equal(error.fault, fault, error.message);
    assert.equal(error.isFinal, fault === 'refused');
    return true;
  };

describe('a sender', () => {
  const broker = useBroker();
  let sender: Sender;

  beforeEach(() => {
    sender = new Sender({ url: broker().url('fedimg'), exchange: EXCHANGE });
  });
  afterEach(async () => {
    await sender.close();
    await broker().drain('observer');
  });

  const ids = (messages: readonly QueuedMessage[]): unknown[] =>
    messages.map(({ properties }) => properties.messageId as unknown);

  it('has sent a message only when the broker has it, and keeps the order', async () => {
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

  it('makes one connection for all that is sent at once', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, index) => sender.send(message(`m${index}`))));
    assert.equal((await broker().connections()).length, 1);
    assert.equal((await broker().drain('observer')).length, 40);
  });

  it('is refused a topic for good, and what others send beside it arrives', async () => {
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

  it('hears of it when no queue takes a message, which would be lost to all', async () => {
    await broker().deleteQueue('observer');
    await assert.rejects(sender.send(message('lost')), isFault('returned'));
    await broker().declareQueue('observer', ['#']);
    await sender.send(message('taken'));
    assert.deepEqual(ids(await broker().drain('observer')), ['taken']);
  });

  it('waits for no broker that is gone, and finds it when it is back', async () => {
    await sender.send(message('before'));
    await broker().kill();
    await assert.rejects(sender.send(message('during')), BrokerError);
    await assert.rejects(sender.send(message('during')), isFault('unreachable'));
    await broker().start();
    await sender.send(message('after'));
    assert.deepEqual(ids(await broker().drain('observer')), ['before', 'after']);
  });

  it('names the host, and never the password, when it cannot log in', async () => {
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

  const withChannelMax = (channelMax: number): string =>
    `${broker().url('fedimg')}?channelMax=${channelMax}`;

  it('does not run out of channels on a queue that is full for days', async () => {
    await broker().declareQueue('full', [TOPIC], { maxLength: 1, overflow: 'reject-publish' });
    await sender.close();
    sender = new Sender({ url: withChannelMax(6), exchange: EXCHANGE });
    try {
      await sender.send(message('fills it'));
      for (let attempt = 0; attempt < 10; attempt += 1) {
        await assert.rejects(sender.send(message('too many')), isFault('unconfirmed'));
      }
      const channels = (await broker().connections()).map((connection) => connection.channels);
      assert.deepEqual(channels, [1]);
    } finally {
      await broker().deleteQueue('full');
    }
    await sender.send(message('after'));
  });

  it('finds a channel at the second attempt when others have all there are', async () => {
    await sender.close();
    sender = new Sender({ url: withChannelMax(6), exchange: EXCHANGE });
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

  it('keeps the new connection when the old one ends at last', async () => {
    await sender.close();
    sender = new Sender({ url: broker().url('fedimg'), exchange: EXCHANGE, confirmTimeoutMs: 500 });
    await sender.send(message('before'));
    broker().freeze();
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
    assert(await hasOneConnection());
  });

  it('says at once that the broker is short of memory, and keeps its connection till it is not', async () => {
    await sender.send(message('before'));
    await broker().pauseAccepting();
    try {
      const stuck = ['stuck 1', 'stuck 2', 'stuck 3'].map((id) => sender.send(message(id)));
      // The first has a channel, and the others wait for one.
      await Promise.all(stuck.map((one) => assert.rejects(one, isFault('blocked'))));
      await assert.rejects(sender.send(message('later')), isFault('blocked'));
      assert(await hasOneConnection());
    } finally {
      await broker().resumeAccepting();
    }
    await until('the broker takes messages again', () => isSent('after'));
    assert(await hasOneConnection());
    const arrived = ids(await broker().drain('observer')).map(String);
    // What was on its way when the alarm came may arrive when it ends: the same message, by its id.
    assert.deepEqual(
      arrived.filter((id) => !id.startsWith('stuck')),
      ['before', 'after'],
    );
  });

  it('outlasts an alarm that is longer than a confirmation may take', async () => {
    await sender.close();
    sender = new Sender({ url: broker().url('fedimg'), exchange: EXCHANGE, confirmTimeoutMs: 200 });
    await sender.send(message('before'));
    const [before] = await broker().connections();
    await broker().pauseAccepting();
    try {
      await assert.rejects(sender.send(message('stuck')), isFault('blocked'));
      await delay(400);
      await assert.rejects(sender.send(message('stuck')), isFault('blocked'));
    } finally {
      await broker().resumeAccepting();
    }
    await until('the broker takes messages again', () => isSent('after'));
    const ports = (await broker().connections()).map(({ clientPort }) => clientPort);
    assert.deepEqual(ports, [before?.clientPort]);
  });

  it('leaves a broker that does not answer its farewell', async () => {
    await sender.send(message('before'));
    broker().freeze();
    try {
      await sender.close();
    } finally {
      broker().thaw();
    }
    await until('the connection is gone', async () => (await broker().connections()).length === 0);
  });

  const hasOneConnection = async (): Promise<boolean> =>
    (await broker().connections()).length === 1;
  const isSent = (id: string): Promise<boolean> =>
    sender.send(message(id)).then(
      () => true,
      () => false,
    );
});
