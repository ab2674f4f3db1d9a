/** An upgrade under runs: an image ends on the code that it began with, and new runs begin on the new code. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { PUBLISH_IMAGE_WORKFLOW } from '../../src/contract.js';
import { noWorkerWarning } from '../../src/client/pollers.js';
import type { TemporalAccess } from '../../src/client/connection.js';
import { buildsForNewRuns } from '../../src/worker-version.js';
import { fakeActivities } from '../support/fake-activities.js';
import { someRequest } from '../support/images.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { testBundle } from '../support/workflow-worker.js';

describe('workers of two versions', () => {
  it('end an image on the version that it began with, while new images begin on the new version', async () => {
    await withVersions(async ({ start, setCurrent, startImage, client, access, taskQueue }) => {
      let letGo: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      const old = await start('1.0.0', held);
      const warning = async () => (await noWorkerWarning(access, taskQueue)) ?? '';
      await until('a worker that gets no new runs is reported', async () =>
        (await warning()).includes('set-current-version'),
      );
      await setCurrent('1.0.0');
      assert.equal(await noWorkerWarning(access, taskQueue), null);
      const first = await startImage();
      await until('the first image is under way', () => old.calls.includes('planImage'));

      const next = await start('1.1.0');
      await setCurrent('1.1.0');
      const second = await startImage();
      assert.equal((await second.result()).outcome, 'published');
      assert.equal(old.count('planImage'), 1, 'the old version began another image');
      letGo();
      assert.equal((await first.result()).outcome, 'published');
      assert.equal(next.count('planImage'), 1, 'the new version took up the image of the old one');
      assert.deepEqual(await versionOf(client, first), 'PINNED 1.0.0');
      assert.deepEqual(await versionOf(client, second), 'PINNED 1.1.0');
    });
  });
});

interface Versions {
  readonly client: Client;
  readonly access: TemporalAccess;
  readonly taskQueue: string;
  /** A worker of this version, whose plans wait for `held`. */
  readonly start: (
    buildId: string,
    held?: Promise<void>,
  ) => Promise<ReturnType<typeof fakeActivities>>;
  readonly setCurrent: (buildId: string) => Promise<void>;
  readonly startImage: () => Promise<WorkflowHandle<() => Promise<{ outcome: string }>>>;
}

async function withVersions(body: (versions: Versions) => Promise<void>): Promise<void> {
  const { server, client, connection: own } = await testTemporal();
  const { namespace, address } = server;
  const deploymentName = `test-${randomUUID()}`;
  const taskQueue = deploymentName;
  const connection = await NativeConnection.connect({ address });
  const running: { readonly worker: Worker; readonly ended: Promise<void> }[] = [];
  const access = {
    ...{ client, namespace, address },
    call: (calls: (client: Client) => Promise<unknown>) => calls(client),
    close: () => Promise.resolve(),
  } as TemporalAccess;
  const isKnown = async (buildId: string): Promise<boolean> => {
    const { workerDeploymentInfo } = await own.workflowService.describeWorkerDeployment({
      namespace,
      deploymentName,
    });
    const summaries = workerDeploymentInfo?.versionSummaries ?? [];
    return summaries.some(({ deploymentVersion }) => deploymentVersion?.buildId === buildId);
  };
  try {
    await body({
      ...{ client, access, taskQueue },
      start: async (buildId, held = Promise.resolve()) => {
        const good = fakeActivities();
        const fake = fakeActivities({
          planImage: async (input) => {
            await held;
            return good.activities.planImage(input);
          },
        });
        const worker = await Worker.create({
          ...{ connection, namespace, taskQueue, activities: fake.activities, debugMode: true },
          workflowBundle: await testBundle(),
          workerDeploymentOptions: {
            version: { deploymentName, buildId },
            useWorkerVersioning: true,
            defaultVersioningBehavior: 'AUTO_UPGRADE',
          },
        });
        running.push({ worker, ended: worker.run() });
        await until(`Temporal knows version ${buildId}`, () => isKnown(buildId).catch(() => false));
        return fake;
      },
      setCurrent: async (buildId) => {
        await own.workflowService.setWorkerDeploymentCurrentVersion({
          ...{ namespace, deploymentName, buildId, identity: 'test' },
          ignoreMissingTaskQueues: true,
        });
        assert.deepEqual(await buildsForNewRuns(own, namespace, deploymentName), [buildId]);
      },
      startImage: () => {
        const request = someRequest();
        return client.workflow.start<() => Promise<{ outcome: string }>>(PUBLISH_IMAGE_WORKFLOW, {
          taskQueue,
          workflowId: `image/${request.composeId}/${randomUUID()}/${request.image.arch}`,
          args: [{ request }] as never,
        });
      },
    });
  } finally {
    for (const { worker } of running) worker.shutdown();
    await Promise.all(running.map(({ ended }) => ended));
    await connection.close();
  }
}

async function versionOf(
  client: Client,
  { workflowId }: { readonly workflowId: string },
): Promise<string> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const { versioningInfo } = raw.workflowExecutionInfo ?? {};
  const behaviour = ['UNSPECIFIED', 'PINNED', 'AUTO_UPGRADE'][versioningInfo?.behavior ?? 0];
  return `${behaviour} ${versioningInfo?.deploymentVersion?.buildId}`;
}
