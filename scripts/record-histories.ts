/** Records the histories that test/replay replays: run it when a workflow changes on purpose. */

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { cancelled, heartbeat } from '@temporalio/activity';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import pino from 'pino';
import type { RegionsInput } from '../src/contract.js';
import {
  approveUpdate,
  imageProgressQuery,
  pauseUpdate,
  resumeUpdate,
  retryRegionsUpdate,
} from '../src/contract.js';
import type { ImageProgress } from '../src/model/progress/progress.js';
import { imageWorkflowId } from '../src/model/ids/workflow-ids.js';
import { installRuntime } from '../src/worker/runtime.js';
import type { FakeActivities } from '../test/support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../test/support/fake-activities.js';
import { somePlan, someRequest } from '../test/support/images.js';
import { withPublisher } from '../test/support/local-publisher.js';
import { DEPLOYMENT } from '../test/support/publisher-config.js';
import { closeSuite, openSuite } from '../test/support/suite.js';
import { leaveTestTemporal, testTemporal } from '../test/support/temporal.js';
import { withWorker } from '../test/support/workflow-worker.js';

installRuntime(pino({ level: 'silent' }));

/** Leaves out stack traces and identities: they name this machine, and the replay does not read them. */
async function record(name: string, workflowId: string): Promise<void> {
  const { client } = await testTemporal();
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const plain = JSON.parse(historyToJSON(history), (key: string, value: unknown) =>
    key === 'stackTrace' || key === 'identity' ? undefined : value,
  ) as unknown;
  const file = new URL(`../test/replay/histories/${name}.json`, import.meta.url);
  await writeFile(fileURLToPath(file), `${JSON.stringify(plain, null, 1)}\n`);
  console.error(`${name}: recorded`);
}

async function recordPublished(): Promise<void> {
  await withPublisher({}, async (publisher) => {
    const handle = await publisher.signal(await publisher.compose());
    const { images } = await handle.result();
    await record('compose-published', handle.workflowId);
    for (const { workflowId } of images) {
      await record(`image-published-${workflowId.split('/').at(-1)}`, workflowId);
    }
  });
}

async function recordFailedTest(): Promise<void> {
  await withPublisher({ testScript: '#!/bin/bash\nexit 3\n' }, async (publisher) => {
    const compose = await publisher.compose({ architectures: ['x86_64'] });
    const handle = await publisher.signal(compose);
    await handle.result().catch(() => undefined);
    await record('compose-failed', handle.workflowId);
    const image = {
      composeId: compose.composeId,
      subvariant: 'Cloud_Base',
      arch: 'x86_64',
    } as const;
    await record('image-test-failed', imageWorkflowId(DEPLOYMENT, image));
  });
}

async function recordCancelled(): Promise<void> {
  let copying = 0;
  const fake = fakeActivities({
    copyToRegion: async () => {
      copying += 1;
      const beat = setInterval(heartbeat, 200);
      await cancelled().finally(() => clearInterval(beat));
      return [];
    },
  });
  await withWorker(fake.activities, async ({ startImage }) => {
    const handle = await startImage(someRequest());
    while (copying < 3) await new Promise((resolve) => setTimeout(resolve, 50));
    await handle.cancel();
    await handle.result().catch(() => undefined);
    await record('image-cancelled-while-copying', handle.workflowId);
  });
}

async function recordLeftOutRegion(): Promise<void> {
  const fake = fakeActivities({
    copyToRegion: ({ regionPlan }) =>
      regionPlan.regionName === 'sa-east-1'
        ? Promise.reject(finalFailure('the quota is used up'))
        : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
  });
  await recordFake('image-left-out-region', fake);
}

async function recordFailedUndo(): Promise<void> {
  const fake = fakeActivities({
    publishRegion: () => Promise.reject(finalFailure('public AMIs are blocked')),
    undoRegion: () => Promise.reject(finalFailure('UnauthorizedOperation')),
  });
  await recordFake('image-failed-undo', fake);
}

async function recordRetriedRegion(): Promise<void> {
  let isSick = true;
  const fake = fakeActivities({
    planImage: ({ request, workflowId, runId }) =>
      Promise.resolve(somePlan(request, { workflowId, runId }, { operatorPatienceMs: 600_000 })),
    copyToRegion: ({ regionPlan }) =>
      isSick && regionPlan.regionName === 'sa-east-1'
        ? Promise.reject(finalFailure('the quota is used up'))
        : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
  });
  await withWorker(fake.activities, async ({ startImage }) => {
    const handle = await startImage(someRequest());
    await untilProgress(handle, ({ regions }) =>
      regions.some(({ state }) => state === 'waiting-for-operator'),
    );
    isSick = false;
    const args: [RegionsInput] = [{ by: 'ann@desk', regions: ['sa-east-1'] }];
    await handle.executeUpdate(retryRegionsUpdate, { args });
    await handle.result();
    await record('image-retried-region', handle.workflowId);
  });
}

async function recordApproved(): Promise<void> {
  const fake = fakeActivities({
    planImage: ({ request, workflowId, runId }) =>
      Promise.resolve(somePlan(request, { workflowId, runId }, { approval: 'before-publish' })),
  });
  await withWorker(fake.activities, async ({ startImage }) => {
    const handle = await startImage(someRequest());
    await handle.executeUpdate(pauseUpdate, { args: [{ by: 'ann@desk' }] });
    await handle.executeUpdate(resumeUpdate, { args: [{ by: 'ann@desk' }] });
    await untilProgress(handle, ({ hold }) => hold?.for === 'approval');
    await handle.executeUpdate(approveUpdate, { args: [{ by: 'ann@desk' }] });
    await handle.result();
    await record('image-approved', handle.workflowId);
  });
}

async function untilProgress(
  handle: WorkflowHandle,
  holds: (progress: ImageProgress) => boolean,
): Promise<void> {
  for (;;) {
    try {
      if (holds(await handle.query(imageProgressQuery))) return;
    } catch {
      // Its first task is not done yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function recordFake(name: string, { activities }: FakeActivities): Promise<void> {
  await withWorker(activities, async ({ startImage }) => {
    const handle = await startImage(someRequest());
    await handle.result().catch(() => undefined);
    await record(name, handle.workflowId);
  });
}

await openSuite();
await recordPublished();
await recordFailedTest();
await recordCancelled();
await recordLeftOutRegion();
await recordFailedUndo();
await recordRetriedRegion();
await recordApproved();
await leaveTestTemporal();
await closeSuite();
process.exit(0);
