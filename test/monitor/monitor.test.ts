import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import type { Session } from '../../src/client/session.js';
import type { Config } from '../../src/config/schema.js';
import type { Notification } from '../../src/model/notification.js';
import { deliver } from '../../src/notify/deliver.js';
import { DeploymentMetrics } from '../../src/telemetry/deployment-metrics.js';
import { MetricRegistry } from '../../src/telemetry/metric-registry.js';
import { toFailure } from '../../src/activities/attempt/interceptor.js';
import { Monitor } from '../../src/monitor/monitor.js';
import { useSession } from '../client/client-fixture.js';
import { LEAST, makeConfigFolder } from '../config/config-files.js';
import { fakeActivities, finalFailure } from '../support/fake-activities.js';
import { somePlan, someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';
import { withWorker } from '../support/workflow-worker.js';

const DAY_MS = 86_400_000;

describe('the monitor of a deployment', () => {
  const opened = useSession();
  /** Of its own: other tests leave failed runs under the default one. */
  const deployment = `monitor-${randomUUID().slice(0, 8)}`;
  const session = (): Session => ({ ...opened(), deployment });

  async function configOf(url: string, taskQueue: string, notify: string): Promise<Config> {
    const folder = await makeConfigFolder();
    const worker = `[worker]\ntask_queue = "${taskQueue}"\n[timing]\nscale = 0.01\n`;
    try {
      return await folder.load(
        `${LEAST}[notify]\n${notify}\n[notify.webhook]\nurl = "${url}"\n${worker}`,
      );
    } finally {
      await folder.remove();
    }
  }

  it('notifies once of a failure, although the receiver fails twice and two workers watch', async () => {
    const receiver = await startWebhookReceiver([503, 500]);
    const received = () =>
      receiver.requests.map(({ body }) => JSON.parse(body) as Notification & { text: string });
    const { activities } = fakeActivities({
      planImage: ({ request, workflowId, runId }) => {
        if (request.image.subvariant !== 'Cloud_Base') {
          throw finalFailure('no room in "eu-west-1"\u001b[31m', { next: 'Ask AWS for more.' });
        }
        const plan = somePlan(request, { workflowId, runId });
        return Promise.resolve({ ...plan, approval: 'before-publish' });
      },
      // As the worker's own interceptor turns errors into failures.
      sendNotification: (input) =>
        deliver({ webhook: { url: receiver.url }, mail: {} as never }, input, {
          env: {},
          signal: new AbortController().signal,
        }).catch((error: unknown) => {
          throw toFailure(error);
        }),
    });
    await withWorker(
      activities,
      async ({ startImage, taskQueue, client }) => {
        const config = await configOf(receiver.url, taskQueue, 'compose_silence = "2d"');
        const registry = new MetricRegistry('0', 'worker');
        const metrics = new DeploymentMetrics(registry);
        const watches = [1, 2].map(() => watchOf(session(), config, metrics));
        const look = async (nowMs = Date.now()) => {
          for (const watch of watches) await watch.look(nowMs);
        };
        const failing = await startImage(someRequest({ subvariant: 'Broken' }));
        await assert.rejects(failing.result());
        const { runId } = await failing.describe();
        const waiting = await startImage(someRequest());
        await until('both notifications', async () => {
          await look();
          return received().filter(({ event }) => event === 'waiting-for-approval').length > 0;
        });
        await until('the third try', () => receiver.requests.length >= 4);
        const failed = received().filter(({ event }) => event === 'failed');
        const keys = new Set(failed.map(({ key }) => key));
        assert.deepEqual([...keys], [`failed/${failing.workflowId}/${runId}`]);
        const [one] = failed;
        assert.match(one?.title ?? '', / failed$/);
        assert.match(one?.reason ?? '', /no room in "eu-west-1"\\u\{1b\}\[31m/);
        assert.equal(one?.next, 'Ask AWS for more.');
        assert.match(one?.link ?? '', /^http:\/\/ui\.example\/namespaces\//);
        const approval = received().find(({ event }) => event === 'waiting-for-approval');
        assert.match(approval?.next ?? '', /fedimg approve /);

        const text = await registry.text();
        assert.match(text, /^fedimg_recent_publications\{outcome="failed"\} 1$/m);
        assert.match(text, /^fedimg_runs_waiting_for_approval 1$/m);
        assert.match(text, /^fedimg_oldest_open_run_start_timestamp_seconds \d/m);
        assert.doesNotMatch(text, /^fedimg_last_published_compose_timestamp_seconds /m);

        // A worker that starts later sees the same failure.
        const delivery = client.workflow.getHandle(`${deployment}/notify/${one?.key}`);
        await delivery.result();
        const { runId: delivered } = await delivery.describe();
        await watchOf(session(), config, metrics).look(Date.now());
        assert.equal((await delivery.describe()).runId, delivered, 'no second delivery');

        const before = receiver.requests.length;
        await look(Date.now() + 3 * DAY_MS);
        await until('the silence', () => receiver.requests.length > before);
        const silence = received().at(-1);
        assert.equal(silence?.event, 'silence');
        assert.match(silence?.title ?? '', /^No compose was published for 3 days$/);
        const all = receiver.requests.length;
        await look(Date.now() + 3 * DAY_MS);
        await waiting.terminate();
        assert.equal(receiver.requests.length, all, 'one notification of one silence');
        const accepted = receiver.requests.slice(2).map(({ headers }) => headers['webhook-id']);
        assert.equal(new Set(accepted).size, accepted.length, 'each is delivered once');
      },
      { deployment },
    );
    receiver.close();
  });
});

function watchOf(session: Session, config: Config, metrics: DeploymentMetrics): Monitor {
  const { signal } = new AbortController();
  const log = pino({ level: 'silent' });
  return new Monitor({ config, session, log, metrics, channels: ['webhook'], signal });
}
