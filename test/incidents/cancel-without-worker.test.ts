import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { AttemptInterceptor } from '../../src/activities/attempt/interceptor.js';
import { cancelPublication } from '../../src/client/cancel.js';
import { loadConfig } from '../../src/config/load.js';
import { imageProgressQuery } from '../../src/contract.js';
import { readInstallation } from '../../src/worker/installation.js';
import { openActivities } from '../../src/worker/open-activities.js';
import { TemporalRuns } from '../../src/worker/workflow-runs.js';
import { assertNothingLeft } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { callCount, oneImage } from '../support/one-image.js';
import { withSession } from '../support/operator-session.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { withWorkers } from '../support/worker-process.js';

const OPTIONS = { worker: false, publish: ['regions = ["us-east-1", "eu-west-1"]'] } as const;

/** The first permission of a region is that of its snapshot. */
const BEFORE_PERMISSION = { action: 'ModifySnapshotAttribute', kind: 'error', count: 0 } as const;

describe('a cancel that Temporal accepts while no worker is alive', () => {
  it('is not overtaken by the queued publication that a new worker receives first: nothing becomes public', async () => {
    await withPublisher(OPTIONS, async (publisher) => {
      await withWorkers(publisher, async (start) => {
        const { request } = await oneImage(publisher);
        await publisher.setFaults([BEFORE_PERMISSION]);
        const only = start();
        const handle = await publisher.publish(request);
        await until(
          'the publication of the home region',
          async () => (await callCount(publisher, 'ModifySnapshotAttribute')) > 0,
        );
        await only.kill();
        await cancelAsOperator(handle);
        await publisher.setFaults([]);
        // The queue gives the activity away first: this worker takes no workflow task.
        await withActivityWorker(publisher, () =>
          until('the queued attempt has ended', () => hasEnded(handle)),
        );
        const alive = await publisher.resources();
        assert.deepEqual(
          alive.filter((one) => one.public).map(({ id, region }) => `${id} in ${region}`),
          [],
        );
        const stop = await publisher.startWorker();
        await assert.rejects(handle.result());
        assert.equal((await handle.query(imageProgressQuery)).outcome, 'cancelled');
        await stop();
        assert.equal((await handle.describe()).status.name, 'CANCELLED');
        await assertNothingLeft(publisher);
      });
    });
  });
});

/** As `fedimg cancel`, which needs no worker. */
async function cancelAsOperator({ workflowId }: WorkflowHandle): Promise<void> {
  await withSession(async (session) => {
    const { requested } = await cancelPublication(session, workflowId, { by: 'ann@desk' });
    assert(requested, 'requested is false');
  });
}

/** It was refused because of the cancel; without that it is completed, and no longer pending. */
async function hasEnded(handle: WorkflowHandle): Promise<boolean> {
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities?.find((one) => one.activityType?.name === 'publishRegion');
  return pending === undefined || /the run is to be cancelled/.test(lastMessage(pending));
}

function lastMessage(pending: { lastFailure?: { message?: string | null } | null }): string {
  return pending.lastFailure?.message ?? '';
}

async function withActivityWorker<T>(
  { configFile, simulator, clock }: LocalPublisher,
  body: () => Promise<T>,
): Promise<T> {
  const { config } = await loadConfig({ path: configFile, env: {}, cwd: '/' });
  const { address, namespace } = (await testTemporal()).server;
  const { deployment, timing, worker } = config;
  const connection = await NativeConnection.connect({ address });
  const runs = new TemporalRuns(new Client({ connection, namespace }).workflow);
  const { url: endpoint, credentials } = simulator;
  const opened = openActivities(
    {
      config,
      installation: await readInstallation(connection, { namespace, deployment }),
      runs,
      send: () => Promise.resolve(),
    },
    { access: { endpoint, credentials, clock } },
  );
  try {
    const activityWorker = await Worker.create({
      connection,
      namespace,
      taskQueue: worker.taskQueue,
      activities: opened.activities,
      interceptors: {
        activity: [
          (context) => ({
            inbound: new AttemptInterceptor(context, { scale: timing.scale, deployment }),
          }),
        ],
      },
    });
    return await activityWorker.runUntil(body);
  } finally {
    opened.close();
    await connection.close();
  }
}
