import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { ConsumerSettings, Delivery, Verdict } from '../../src/messaging/consumer.js';
import { consume } from '../../src/messaging/consumer.js';
import { EXCHANGE, useBroker } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const TOPIC = 'org.fedoraproject.stg.pungi.compose.status.change';

interface Listening {
  readonly heard: Delivery[];
  readonly disconnects: string[];
  readonly notBound: string[];
  listening: number;
  /** Who waits to be told to stop. */
  waiting(): number;
  stop(): Promise<void>;
}

describe('a consumer', () => {
  const broker = useBroker();
  let running: Listening | undefined;

  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await broker().purge('fedimg');
  });

  function listen(
    answer: (delivery: Delivery) => Verdict | Promise<Verdict> = () => 'done',
    settings: Partial<ConsumerSettings> = {},
  ): Listening {
    const stop = new AbortController();
    const state: Listening = {
      heard: [],
      disconnects: [],
      notBound: [],
      listening: 0,
      waiting: () => getEventListeners(stop.signal, 'abort').length,
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
    const ended = consume(
      {
        url: broker().url('fedimg'),
        exchange: EXCHANGE,
        queue: 'fedimg',
        bindings: [TOPIC],
        passiveDeclares: true,
        prefetch: 5,
        ...settings,
      },
      async (delivery) => {
        state.heard.push(delivery);
        return answer(delivery);
      },
      {
        signal: stop.signal,
        onListening: () => (state.listening += 1),
        onMayNotBind: (reason) => state.notBound.push(reason),
        onDisconnected: (reason) => state.disconnects.push(reason),
      },
    );
    return (running = state);
  }

  const say = (body: string): Promise<void> => broker().publish('pungi', TOPIC, body);
  const bodies = ({ heard }: Listening): string[] => heard.map(({ content }) => content.toString());
  const isEmpty = async (): Promise<boolean> => {
    const { ready, unacked } = await broker().depth('fedimg');
    return ready === 0 && unacked === 0;
  };

  it('acknowledges handled messages, and drops malformed ones for good', async () => {
    const state = listen(({ content }) => (content.toString() === 'broken' ? 'drop' : 'done'));
    await say('good');
    await say('broken');
    await until('both are heard', () => state.heard.length === 2);
    await until('neither is kept', isEmpty);
    assert.equal(state.heard[0]?.topic, TOPIC);
  });

  it('gets a message again each time that it gives it back', async () => {
    let attempts = 0;
    const state = listen(() => ((attempts += 1) < 3 ? 'requeue' : 'done'));
    await say('later');
    await until('it is done', isEmpty);
    assert.deepEqual(bodies(state), ['later', 'later', 'later']);
    assert.deepEqual(
      state.heard.map(({ redelivered }) => redelivered),
      [false, true, true],
    );
  });

  it('gives a message back when its handler throws, and reports the error', async () => {
    let attempts = 0;
    const state = listen(() => {
      attempts += 1;
      if (attempts === 1) throw new Error('a bug');
      return 'done';
    });
    await say('unlucky');
    await until('it is done', async () => attempts === 2 && (await isEmpty()));
    assert.deepEqual(state.disconnects, ['the handler failed: a bug']);
  });

  it('uses a queue that it may neither declare nor bind, because the administrator has done both', async () => {
    await broker().setPermission('fedimg', { configure: '^$', write: '^$', read: '^fedimg$' });
    try {
      const state = listen();
      await say('bound by others');
      await until('it is heard', () => state.heard.length === 1);
      assert.match(state.notBound.join(), /403|ACCESS_REFUSED/);
    } finally {
      const own = {
        configure: '^$',
        write: '^(amq\\.topic|fedimg.*)$',
        read: '^(amq\\.topic|fedimg.*)$',
      };
      await broker().setPermission('fedimg', own);
    }
  });

  it('makes and binds a queue of its own where it is allowed to', async () => {
    const state = listen(undefined, {
      url: broker().url('admin'),
      queue: 'fedimg-own',
      passiveDeclares: false,
    });
    await until('it listens', () => state.listening === 1);
    await say('to a new queue');
    await until('it is heard', () => state.heard.length === 1);
    await state.stop();
    await broker().deleteQueue('fedimg-own');
  });

  it('reports that its queue is missing, and listens as soon as it exists', async () => {
    const state = listen(undefined, { queue: 'fedimg-late' });
    await until('it says why', () => state.disconnects.some((one) => one.includes('fedimg-late')));
    await broker().declareQueue('fedimg-late', [TOPIC]);
    await until('it listens', () => state.listening === 1);
    await say('at last');
    await until('it is heard', () => state.heard.length === 1);
    await state.stop();
    await broker().deleteQueue('fedimg-late');
  });

  it('connects again after its queue was deleted', async () => {
    await broker().declareQueue('fedimg-gone', [TOPIC]);
    const state = listen(undefined, { queue: 'fedimg-gone' });
    await until('it listens', () => state.listening === 1);
    await broker().deleteQueue('fedimg-gone');
    await until('it notices', () => state.disconnects.length > 0);
    await broker().declareQueue('fedimg-gone', [TOPIC]);
    await until('it listens again', () => state.listening === 2);
    await state.stop();
    await broker().deleteQueue('fedimg-gone');
  });

  it('survives a broker that is killed, and gets the messages from before', async () => {
    const state = listen();
    await until('it listens', () => state.listening === 1);
    await broker().kill();
    await until('it notices', () => state.disconnects.length > 0);
    await broker().start();
    await say('after the crash');
    await until('it is heard', () => state.heard.length === 1);
  });

  it('keeps no listeners of lost connections: the process lives for months', async () => {
    const state = listen();
    await until('it listens', () => state.listening === 1);
    const waiting = state.waiting();
    await broker().closeConnections('fedimg');
    await until('it listens again', () => state.listening === 2);
    assert.equal(state.waiting(), waiting);
  });

  it('lets running handlers finish when it is stopped, and takes no more messages', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const state = listen(() => held.then((): Verdict => 'done'), { prefetch: 1 });
    await say('at work');
    await say('not begun');
    await until('one is at work', () => state.heard.length === 1);
    const stopped = state.stop();
    await until(
      'the broker has no consumer',
      async () => (await broker().depth('fedimg')).consumers === 0,
    );
    release();
    await stopped;
    assert.deepEqual(bodies(state), ['at work']);
    const { ready, unacked } = await broker().depth('fedimg');
    assert.deepEqual({ ready, unacked }, { ready: 1, unacked: 0 });
  });

  it('handles no more messages at once than prefetch allows', async () => {
    let atWork = 0;
    let most = 0;
    const state = listen(
      async (): Promise<Verdict> => {
        atWork += 1;
        most = Math.max(most, atWork);
        await until('three are at work', () => most >= 3);
        atWork -= 1;
        return 'done';
      },
      { prefetch: 3 },
    );
    await Promise.all(Array.from({ length: 12 }, (_, index) => say(`message ${index}`)));
    await until('all are done', async () => state.heard.length === 12 && (await isEmpty()));
    assert(most <= 3, `${most} at once`);
  });
});
