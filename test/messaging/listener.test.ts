import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pino from 'pino';
import { DEFAULT_DEPLOYMENT } from '../../src/model/ids/installation.js';
import { ComposeListener } from '../../src/client/compose-listener.js';
import type { Session } from '../../src/client/session.js';
import { consume } from '../../src/messaging/consumer.js';
import { composeWorkflowId } from '../../src/model/ids/workflow-ids.js';
import { imageOf, useSession } from '../client/client-fixture.js';
import { hostileJsonText, poisonedJson } from '../properties/hostile-json.js';
import { withChannel } from '../support/amqp-channel.js';
import { composeOf, fakeActivities } from '../support/fake-activities.js';
import { withOwnTemporal } from '../support/own-temporal.js';
import { EXCHANGE, useBroker } from '../support/rabbitmq.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';
import { connectToTemporal } from '../../src/client/connection.js';
import { startCutProxy } from './cut-proxy.js';

const TOPIC = 'org.fedoraproject.stg.pungi.compose.status.change';
const DAY_MS = 86_400_000;

let composes = 0;

/** Of today, so that no age limit is met. */
function someComposeId(short = 'Fedora-Cloud', suffix = '', ageMs = 0): string {
  composes += 1;
  const date = new Date(Date.now() - ageMs).toISOString().slice(0, 10).replaceAll('-', '');
  return `${short}-43-${date}${suffix}.${(process.pid % 900) * 10 + composes}`;
}

function finished(composeId: string): string {
  const location = `https://kojipkgs.example/${composeId}/compose`;
  return JSON.stringify({ compose_id: composeId, status: 'FINISHED', location });
}

describe('the listener', () => {
  const broker = useBroker();
  const session = useSession();
  const stops: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await broker().purge('fedimg');
  });

  function listen(
    taskQueue: string,
    options: {
      readonly session?: Session;
      readonly url?: string;
      readonly prefetch?: number;
      readonly holdMs?: number;
    } = {},
  ): ComposeListener {
    const stop = new AbortController();
    const listener = new ComposeListener(options.session ?? session(), {
      taskQueue,
      filter: {
        products: ['Fedora', 'Fedora-Cloud'],
        composeTypes: ['production', 'nightly'],
        maxAgeMs: 30 * DAY_MS,
      },
      topics: [TOPIC],
      log: pino({ level: 'silent' }),
      firstRetryMs: 50,
      ...(options.holdMs === undefined ? {} : { holdMs: options.holdMs }),
      signal: stop.signal,
    });
    const settings = {
      url: options.url ?? broker().url('fedimg'),
      exchange: EXCHANGE,
      queue: 'fedimg',
      bindings: [],
      passiveDeclares: true,
      prefetch: options.prefetch ?? 25,
    };
    const ended = consume(settings, (delivery) => listener.handle(delivery), {
      signal: stop.signal,
      onListening: () => undefined,
      onMayNotBind: () => undefined,
      onDisconnected: () => undefined,
    });
    stops.push(async () => {
      stop.abort();
      await ended;
    });
    return listener;
  }

  const say = (body: string): Promise<void> => broker().publish('pungi', TOPIC, body);
  const queueIsEmpty = async (): Promise<boolean> => {
    const { ready, unacked } = await broker().depth('fedimg');
    return ready === 0 && unacked === 0;
  };
  const isThere = (composeId: string): Promise<boolean> =>
    session()
      .access.client.workflow.getHandle(composeWorkflowId(DEFAULT_DEPLOYMENT, composeId))
      .describe()
      .then(
        () => true,
        () => false,
      );

  it('starts one publication when the message is delivered twice', async () => {
    const composeId = someComposeId();
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(imageOf(composeId))),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const listener = listen(taskQueue);
      await say(finished(composeId));
      await say(finished(composeId));
      await until('both are taken', () => listener.counts.taken === 2);
      const handle = session().access.client.workflow.getHandle(
        composeWorkflowId(DEFAULT_DEPLOYMENT, composeId),
      );
      await handle.result();
      assert.equal(fake.count('writeImage'), 1);
    });
  });

  it('starts one publication when its connection is cut before the acknowledgement arrives', async () => {
    const composeId = someComposeId();
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(imageOf(composeId))),
    });
    const proxy = await startCutProxy(broker().url('fedimg'));
    try {
      await withWorker(fake.activities, async ({ taskQueue }) => {
        const first = listen(taskQueue, { url: proxy.url });
        await until('it listens', async () => (await broker().depth('fedimg')).consumers === 1);
        proxy.cut();
        await say(finished(composeId));
        await until('Temporal has it', () => first.counts.taken === 1);
        assert.deepEqual(await broker().depth('fedimg'), { ready: 0, unacked: 1, consumers: 1 });
        await proxy.close();
        const second = listen(taskQueue);
        await until('another has it', () => second.counts.taken === 1);
        await until('it is acknowledged', queueIsEmpty);
        const handle = session().access.client.workflow.getHandle(
          composeWorkflowId(DEFAULT_DEPLOYMENT, composeId),
        );
        await handle.result();
        assert.equal(fake.count('writeImage'), 1);
      });
    } finally {
      await proxy.close().catch(() => undefined);
    }
  });

  it('ignores composes that are not configured: IoT, test composes, and old ones', async () => {
    const others = [
      someComposeId('Fedora-IoT'),
      someComposeId('Fedora-Cloud', '.t'),
      someComposeId('Fedora-Cloud', '', 31 * DAY_MS),
    ];
    const listener = listen(`unbound-${randomUUID()}`);
    for (const composeId of others) await say(finished(composeId));
    await until('all are heard', () => listener.counts.ignored === others.length);
    await until('none is kept', queueIsEmpty);
    assert.deepEqual(await Promise.all(others.map(isThere)), [false, false, false]);
  });

  it('ignores messages that only look like a compose: of another topic, or of next year', async () => {
    const listener = listen(`unbound-${randomUUID()}`);
    const foreign = someComposeId();
    const delivery = {
      messageId: 'a',
      content: Buffer.from(finished(foreign)),
      redelivered: false,
    };
    const topic = 'org.fedoraproject.stg.copr.chroot.start';
    assert.equal(await listener.handle({ ...delivery, topic }), 'done');
    const future = someComposeId('Fedora-Cloud', '', -365 * DAY_MS);
    await say(finished(future));
    await until('both are passed over', () => listener.counts.ignored === 2);
    assert.deepEqual([await isThere(foreign), await isThere(future)], [false, false]);
  });

  it('gives a message back after the longest time that it may hold one while Temporal is down', async () => {
    const down = { signalWithStart: () => Promise.reject(new Error('down')) };
    const listener = listen(`unbound-${randomUUID()}`, {
      session: { access: { client: { workflow: down } } } as unknown as Session,
      holdMs: 1_000,
    });
    await say(finished(someComposeId()));
    await until('it came back, and was given back again', () => listener.counts.requeued >= 2);
    assert(listener.counts.retried >= 2, String(listener.counts.retried));
    assert.equal(listener.counts.taken, 0);
  });

  it('holds a message while Temporal is down, and starts the publication when it is up', async () => {
    await withOwnTemporal(async (temporal) => {
      const env = { TEMPORAL_ADDRESS: temporal.server.address };
      const access = await connectToTemporal({ env, connectTimeoutMs: 60_000 });
      try {
        const composeId = someComposeId();
        await temporal.crash();
        const listener = listen(`own-${randomUUID()}`, {
          session: { access, uiUrl: undefined, deployment: DEFAULT_DEPLOYMENT },
        });
        await say(finished(composeId));
        await until('it is tried again', () => listener.counts.retried > 1);
        // Each return counts against the queue's limit of deliveries, and behind that the message is gone.
        assert.deepEqual([listener.counts.taken, listener.counts.requeued], [0, 0]);
        assert.equal((await broker().depth('fedimg')).unacked, 1);
        await temporal.restart();
        await until('it is taken', () => listener.counts.taken === 1);
        await until('it is acknowledged', queueIsEmpty);
        const handle = access.client.workflow.getHandle(
          composeWorkflowId(DEFAULT_DEPLOYMENT, composeId),
        );
        assert.equal((await handle.describe()).status.name, 'RUNNING');
      } finally {
        await access.close();
      }
    });
  });

  it('survives 2,000 hostile and broken messages, counts each, and handles the good one behind them', async () => {
    const seed = Number(process.env['FEDIMG_FUZZ_SEED'] ?? Date.now() % 1_000_000);
    const COUNT = 2_000;
    // Of a product that is not taken up: what passes for a message starts nothing either.
    const good = {
      compose_id: 'Hostile-1-20251021.0',
      status: 'FINISHED',
      location: 'https://x/y',
    };
    const hostile = fc.oneof(
      {
        weight: 3,
        arbitrary: poisonedJson(good).map((value) => Buffer.from(JSON.stringify(value))),
      },
      { weight: 3, arbitrary: hostileJsonText(good).map((text) => Buffer.from(text)) },
      {
        weight: 1,
        arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      },
    );
    const listener = listen(`unbound-${randomUUID()}`, { prefetch: 100 });
    await withChannel(broker().url('pungi'), async (channel) => {
      for (const content of fc.sample(hostile, { seed, numRuns: COUNT })) {
        channel.publish(EXCHANGE, TOPIC, content.subarray(0, 100_000), { persistent: true });
      }
      await channel.waitForConfirms();
    });
    const { counts } = listener;
    await until(`all are counted (seed ${seed})`, () => counts.broken + counts.ignored === COUNT);
    assert(counts.broken > 0 && counts.ignored > 0, String(counts.broken));
    assert.deepEqual([counts.taken, counts.requeued], [0, 0]);
    const composeId = someComposeId();
    await say(finished(composeId));
    await until('the good one is taken', () => counts.taken === 1);
    assert.equal(await isThere(composeId), true);
    await until('nothing is kept', queueIsEmpty);
  });
});
