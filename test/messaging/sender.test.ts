import assert from 'node:assert/strict';
import { BrokerError } from '../../src/messaging/errors.js';
import { Sender } from '../../src/messaging/sender.js';
import { EXCHANGE, useBroker } from '../support/rabbitmq.js';
import { ids, isFault, message } from './sent-messages.js';

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
    await Promise.all(Array.from({ length: 40 }, (_, index) => sender.send(message(`m${index}`))));
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
