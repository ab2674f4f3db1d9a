import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import { loadConfig } from '../../src/config/load.js';
import { SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import { originTags, TAG } from '../../src/model/ids/tags.js';
import type { SweepReport } from '../../src/model/sweep/sweep.js';
import { openWorker } from '../../src/worker/open-worker.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { withOwnTemporal } from '../support/own-temporal.js';
import { plantVolume, someOrigin } from '../support/planted.js';
import { DEPLOYMENT } from '../support/publisher-config.js';
import type { TestTemporal } from '../support/temporal.js';
import { testTemporal } from '../support/temporal.js';
import { testedCloud, testedImage } from '../support/tested-cloud.js';
import { until } from '../support/until.js';
import { testBundle } from '../support/workflow-worker.js';

const GRACE_MS = 60_000;
const HELD = { action: 'CopySnapshot', kind: 'stuck', forMs: 600_000, count: 0 } as const;

async function sweep(client: Client, taskQueue: string): Promise<SweepReport> {
  const handle = await client.workflow.start<(input: unknown) => Promise<SweepReport>>(
    SWEEP_WORKFLOW,
    {
      workflowId: `${DEPLOYMENT}/sweep/${randomUUID()}`,
      taskQueue,
      memo: { [TIME_SCALE_MEMO]: 0.2 },
      args: [{ deployment: DEPLOYMENT, dryRun: false }],
    },
  );
  return handle.result();
}

/** A worker as `fedimg worker` opens it, with the publisher's configuration and account, on another Temporal server. */
async function withSecondWorker<T>(
  publisher: LocalPublisher,
  { server }: TestTemporal,
  body: (client: Client) => Promise<T>,
): Promise<T> {
  const { config } = await loadConfig({ path: publisher.configFile, env: {}, cwd: '/' });
  const connection = await NativeConnection.connect({ address: server.address });
  const { url: endpoint, credentials } = publisher.simulator;
  const { worker, client, close } = await openWorker(
    { config, log: pino({ level: 'silent' }), connection, namespace: server.namespace },
    {
      access: { endpoint, credentials, clock: publisher.clock },
      workflowBundle: await testBundle(),
      send: () => Promise.resolve(),
    },
  );
  try {
    return await worker.runUntil(() => body(client));
  } finally {
    await close();
    await connection.close();
  }
}

async function plantStray(
  publisher: LocalPublisher,
  where: { readonly cluster: string; readonly namespace: string },
): Promise<string> {
  const { url: endpoint, credentials } = publisher.simulator;
  const aws = new Aws(scaledAwsSettings(0.05), { endpoint, credentials });
  const origin = someOrigin({ ...where, workflowId: `${DEPLOYMENT}/image/gone/a/x86_64` });
  try {
    return await plantVolume(aws.region('us-east-1'), originTags(origin, 'utility', 'stray'));
  } finally {
    aws.destroy();
  }
}

describe('two Temporal servers with one account and one deployment name', () => {
  it('sweep only what is their own: the second server does not know the live run of the first', async () => {
    const options = {
      publish: ['regions = ["us-east-1", "eu-west-1"]'],
      sweep: ['grace = "1m"'],
      cloud: testedCloud,
    };
    await withPublisher(options, async (publisher) => {
      await publisher.setFaults([HELD]);
      const { request } = await testedImage(publisher);
      const run = await publisher.publish(request);
      const made = async (regionName: string) =>
        (await publisher.resources()).filter(({ region }) => region === regionName).length;
      await until('the copy', async () => (await made('eu-west-1')) > 0);
      await withOwnTemporal(async (second) => {
        const first = await testTemporal();
        const { namespace } = first.server;
        const clusterOf = async ({ client }: TestTemporal): Promise<string> =>
          (await client.workflowService.getClusterInfo({})).clusterId ?? '';
        const [ours, theirs] = [await clusterOf(first), await clusterOf(second)];
        const ownStray = await plantStray(publisher, { cluster: ours, namespace });
        const otherStray = await plantStray(publisher, {
          cluster: theirs,
          namespace: second.server.namespace,
        });
        publisher.clock.advance(GRACE_MS);
        const before = await publisher.resources();
        assert(
          before.every(({ tags }) => [ours, theirs].includes(tags[TAG.cluster] ?? '')),
          JSON.stringify(before),
        );
        await withSecondWorker(publisher, second, async (client) => {
          const ids = (report: SweepReport) => report.removed.map(({ id }) => id);
          const away = await sweep(client, publisher.taskQueue);
          assert.deepEqual(ids(away), [otherStray]);
          const kept = away.kept.filter(({ code }) => code === 'other-installation');
          assert.equal(kept.length, before.length - 1);
          assert.match(
            kept[0]?.reason ?? '',
            new RegExp(`cluster ${ours}, namespace ${namespace}`),
          );
          assert.deepEqual(away.others, [
            { cluster: ours, namespace, deployment: 'test', resources: kept.length },
          ]);
          const home = await sweep(first.client, publisher.taskQueue);
          assert.deepEqual(ids(home), [ownStray]);
        });
      });
      const alive = (await publisher.resources()).filter(({ tags }) => TAG.run in tags);
      assert(alive.length > 4, 'what the live run has made');
      await run.cancel();
      await assert.rejects(run.result());
    });
  });
});
