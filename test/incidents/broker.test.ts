import assert from 'node:assert/strict';
import { DEPLOYMENT } from '../support/publisher-config.js';
import type { SampleCompose } from '../../src/local/compose-server/sample-compose.js';
import type { ComposeResult } from '../../src/model/progress/progress.js';
import { composeWorkflowId, imageWorkflowId } from '../../src/model/ids/workflow-ids.js';
import { FedoraMessaging, type JudgedMessage } from '../support/fedora-messaging.js';
import { ListenerProcess } from '../support/listener-process.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { withOwnTemporal } from '../support/own-temporal.js';
import { useBroker, type Broker } from '../support/rabbitmq.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';

const PREFIX = 'org.fedoraproject.stg';
const COMPOSE_TOPIC = `${PREFIX}.pungi.compose.status.change`;
const REGIONS = ['us-east-1', 'eu-west-1', 'us-east-2'];

/** Of one image of three regions, HVM only: two AMIs a region. */
const PUBLISH = [`regions = ${JSON.stringify(REGIONS)}`, 'virtualization_types = ["hvm"]'];

function messagingOf(broker: Broker): string[] {
  const { url, caFile, certFile, keyFile } = broker.tls;
  return [
    `url = ${JSON.stringify(url)}`,
    `ca_file = ${JSON.stringify(caFile)}`,
    `cert_file = ${JSON.stringify(certFile)}`,
    `key_file = ${JSON.stringify(keyFile)}`,
    `topic_prefix = "${PREFIX}"`,
  ];
}

/** A compose of today with a label, as release engineering announces a candidate. */
function someCompose(publisher: LocalPublisher, respin: number): Promise<SampleCompose> {
  const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  return publisher.compose({
    composeId: `Fedora-Cloud-43-${date}.${respin}`,
    architectures: ['x86_64'],
  });
}

async function withListener<T>(publisher: LocalPublisher, body: () => Promise<T>): Promise<T> {
  const listener = await ListenerProcess.start(publisher);
  try {
    const result = await body();
    await listener.stop();
    return result;
  } finally {
    await listener.kill();
  }
}

/** `image.upload/completed` and the like, in the order of arrival; the rest of each is judged elsewhere. */
function stages(messages: readonly JudgedMessage[]): string[] {
  const names = messages.map(({ topic, body }) => {
    const { status } = body as { status?: string };
    const short = topic.slice(PREFIX.length + 1).replace(/^fedimg\./, '');
    return status === undefined ? short : `${short}/${status}`;
  });
  return names.filter((name, index) => name !== names[index - 1]);
}

/** Whether messages of the compose's one image are under way. */
async function isAnnouncing({ composeId, images: [image] }: SampleCompose): Promise<boolean> {
  const { client } = await testTemporal();
  assert(image, 'no image');
  const { raw } = await client.workflow
    .getHandle(
      imageWorkflowId(DEPLOYMENT, { composeId, subvariant: image.subvariant, arch: 'x86_64' }),
    )
    .describe();
  return (raw.pendingActivities ?? []).some(
    ({ activityType }) => activityType?.name === 'announce',
  );
}

function assertEachOnce(messages: readonly JudgedMessage[]): void {
  const ids = messages.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'a message arrived twice');
}

/** uploads 2 x 2, test 2, copies 2 x 2, publications 3 x 2, one for all regions, start and end of the run. */
const MESSAGES = 4 + 2 + 4 + 6 + 1 + 2;

describe('a message broker', function () {
  const broker = useBroker();
  let fedora: FedoraMessaging;
  before(async function () {
    this.timeout(600_000);
    fedora = await FedoraMessaging.install(broker());
  });
  afterEach(async () => {
    await broker().purge('fedimg');
    await broker().purge('observer');
  });

  it('tells of a compose, and its readers hear of every AMI, in order and each once', async () => {
    const options = { publish: PUBLISH, messaging: messagingOf(broker()) };
    await withPublisher(options, async (publisher) => {
      const compose = await someCompose(publisher, 1);
      await withListener(publisher, async () => {
        const body = { ...compose.message, compose_label: 'RC-1.6' };
        const [sent] = await fedora.publish([{ topic: COMPOSE_TOPIC, body }]);
        assert.equal(sent?.error, undefined);
        // The announcement of the compose itself is heard, too.
        const [announced, ...heard] = await fedora.consume(MESSAGES + 1, { withinMs: 170_000 });
        assert.equal(announced?.topic, COMPOSE_TOPIC);
        for (const { valid, problem, complaints, topic } of heard) {
          assert.deepEqual(
            { topic, valid, problem, complaints },
            { topic, valid: true, problem: undefined, complaints: [] },
          );
        }
        assertEachOnce(heard);
        const order = stages(heard);
        const at = (name: string): number => order.indexOf(name);
        for (const [first, second] of [
          ['image.upload/started', 'image.upload/completed'],
          ['image.upload/completed', 'image.test/completed'],
          ['image.test/started', 'image.test/completed'],
          ['image.test/completed', 'image.copy'],
          ['image.copy', 'image.publish'],
          ['run.v1.started', 'run.v1.published'],
        ] as const) {
          assert(
            at(first) >= 0 && at(first) < at(second),
            `${first} before ${second}: ${order.join(', ')}`,
          );
        }
        assert.equal(heard[0]?.className, 'fedimg_messages.messages:RunV1');
        assert.match(heard.at(-1)?.summary ?? '', /^fedimg published .* in 3 of 3 regions$/);
        const last = heard.at(-2) ?? assert.fail();
        assert.equal(
          last.topic,
          `${PREFIX}.fedora_image_uploader.published.v1.aws.rc.Cloud_Base.x86_64`,
        );
        assert.equal(last.className, 'fedora_image_uploader_messages.publish:AwsPublishedV1');
        const published = last.body as { image_name: string; regions: Record<string, string> };
        assert.equal(published.image_name, 'Fedora-Cloud-Base-AmazonEC2.x86_64-43-1.6');
        const alive = await publisher.resources();
        for (const [region, ami] of Object.entries(published.regions)) {
          const found = alive.find(({ id }) => id === ami);
          assert.deepEqual([found?.region, found?.public], [region, true]);
        }
        assert.deepEqual(Object.keys(published.regions).sort(), [...REGIONS].sort());
      });
    });
  });

  it('whose message a listener held that was killed: another one takes it, and there is one publication', async () => {
    await withOwnTemporal(async (temporal) => {
      const options = { publish: PUBLISH, messaging: messagingOf(broker()), temporal };
      await withPublisher(options, async (publisher) => {
        const { message, composeId } = await someCompose(publisher, 4);
        const killed = await ListenerProcess.start(publisher);
        try {
          temporal.signal('SIGSTOP');
          await fedora.publish([{ topic: COMPOSE_TOPIC, body: message }]);
          await until(
            'it is delivered, and not acknowledged',
            async () => (await broker().depth('fedimg')).unacked === 1,
          );
          await killed.kill();
          await until(
            'the broker has it again',
            async () => (await broker().depth('fedimg')).ready === 1,
          );
        } finally {
          await killed.kill();
          // What the dead listener had sent is waiting in Temporal's socket, and is taken up now.
          temporal.signal('SIGCONT');
        }
        await withListener(publisher, async () => {
          await until('it is acknowledged', async () => {
            const { ready, unacked } = await broker().depth('fedimg');
            return ready === 0 && unacked === 0;
          });
          const workflowId = composeWorkflowId(DEPLOYMENT, composeId);
          const result = await temporal.client.workflow
            .getHandle<() => Promise<ComposeResult>>(workflowId)
            .result();
          assert.equal(result.outcome, 'published');
          const runs = [];
          const query = `WorkflowId = '${workflowId}'`;
          for await (const run of temporal.client.workflow.list({ query })) runs.push(run);
          assert.equal(runs.length, 1);
        });
        const images = (await publisher.resources()).filter(({ type }) => type === 'image');
        assert.equal(images.length, 2 * REGIONS.length);
        const heard = await fedora.consume(MESSAGES + 1);
        assertEachOnce(heard);
        assert.equal((await broker().depth('observer')).ready, 0);
      });
    });
  });

  it('that is down for the middle of a run holds no AMI up, and hears of all when it is back', async () => {
    const options = { publish: PUBLISH, messaging: messagingOf(broker()) };
    await withPublisher(options, async (publisher) => {
      const compose = await someCompose(publisher, 2);
      const handle = await publisher.signal(compose);
      // A message whose confirmation the broker's end cuts off comes twice, as it may.
      await until(
        'the messages of the beginning are there, and confirmed',
        async () => (await broker().depth('observer')).ready >= 2 && !(await isAnnouncing(compose)),
      );
      await broker().stop();
      await until('all AMIs are public', async () => {
        const images = (await publisher.resources()).filter(({ type }) => type === 'image');
        return images.length === 2 * REGIONS.length && images.every((image) => image.public);
      });
      const { client } = await testTemporal();
      const run = await client.workflow
        .getHandle(composeWorkflowId(DEPLOYMENT, compose.composeId))
        .describe();
      assert.equal(run.status.name, 'RUNNING', 'it ends only when its last message is accepted');
      await broker().start();
      assert.equal((await handle.result()).outcome, 'published');
      const heard = await fedora.consume(MESSAGES);
      assert.deepEqual(
        heard.filter(({ valid }) => !valid),
        [],
      );
      assertEachOnce(heard);
      const keys = heard.map(({ id }) => id);
      assert.equal(keys.length, MESSAGES);
      const order = stages(heard);
      assert.equal(order[0], 'run.v1.started');
      assert.match(order.at(-2) ?? '', /^fedora_image_uploader\.published/);
      assert.equal(order.at(-1), 'run.v1.published');
      assert(order.indexOf('image.test/started') < order.indexOf('image.copy'), order.join('\n'));
    });
  });

  it('that refuses a topic for good ends no run, and what it lacks is on the record', async () => {
    await broker().setTopicPermission('fedimg', {
      write: '^org\\.fedoraproject\\.[a-z]+\\.fedimg\\.(image\\.(upload|test|copy)|run\\..*)$',
      read: '.*',
    });
    const options = { publish: PUBLISH, messaging: messagingOf(broker()) };
    await withPublisher(options, async (publisher) => {
      const compose = await someCompose(publisher, 3);
      const result = await (await publisher.signal(compose)).result();
      assert.equal(result.outcome, 'published');
      const unsent = result.images[0]?.unsent ?? [];
      assert.equal(unsent.length, 6 + 1);
      assert.match(unsent[0] ?? '', /refuses .*fedimg\.image\.publish.*ACCESS_REFUSED/s);
      assert.equal((await broker().drain('observer')).length, MESSAGES - unsent.length);
    });
  });
});
