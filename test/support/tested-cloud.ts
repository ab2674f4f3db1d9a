/**
 * A cloud in which an image is written, registered at home and tested: incidents of later steps begin here, without an
 * instance. An operator terminated the run that made it, so the next run of the image goes on behind the test
 * (activities/plan/earlier-publication.ts, findLeftSource).
 */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { imageProgressQuery, PUBLISH_IMAGE_WORKFLOW } from '../../src/contract.js';
import { copyCloud } from './copy-cloud.js';
import type { LocalPublisher } from './local-publisher.js';
import { withPublisher } from './local-publisher.js';
import type { OneImage } from './one-image.js';
import { oneImage } from './one-image.js';
import { suiteFolder } from './suite.js';
import type { TestTemporal } from './temporal.js';
import { testTemporal } from './temporal.js';
import { until } from './until.js';

const COMPOSE = { composeId: 'Fedora-Cloud-43-20251020.1', seed: 'tested' };
const HOME = ['regions = ["us-east-1"]', 'approval = "before-copy"'];

/** As the tags name it. */
interface ClosedRun {
  readonly cluster: string;
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** For `withPublisher`: fills the state folder of the cloud. The first test of a whole test run that asks makes it. */
export async function testedCloud(stateDir: string, temporal: TestTemporal): Promise<void> {
  const kept = join(suiteFolder(), 'tested-cloud');
  await makeOnce(kept);
  await copyCloud(join(kept, 'cloud'), stateDir);
  const before = JSON.parse(await readFile(join(kept, 'run.json'), 'utf8')) as ClosedRun;
  const now = await closedRun(temporal);
  // Each test file has a Temporal namespace of its own, and a worker adopts only what its own installation left.
  const journal = join(stateDir, 'state.jsonl');
  let state = await readFile(journal, 'utf8');
  for (const key of ['cluster', 'namespace', 'workflowId', 'runId'] as const) {
    state = state.replaceAll(before[key], now[key]);
  }
  await writeFile(journal, state);
}

/** The image that is tested there, in a compose of this publisher's server. */
export function testedImage(publisher: LocalPublisher): Promise<OneImage> {
  return oneImage(publisher, COMPOSE);
}

/** Its whole compose has that one image. */
export function testedCompose(publisher: LocalPublisher): ReturnType<LocalPublisher['compose']> {
  return publisher.compose({ ...COMPOSE, architectures: ['x86_64'] });
}

/** Of two processes that need it at once, one makes it. */
async function makeOnce(kept: string): Promise<void> {
  const lock = `${kept}.lock`;
  while (!existsSync(kept)) {
    try {
      await mkdir(lock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      await until('another test file has made the tested cloud', () => !existsSync(lock));
      continue;
    }
    try {
      if (!existsSync(kept)) await make(kept);
    } finally {
      await rm(lock, { recursive: true });
    }
  }
}

async function make(kept: string): Promise<void> {
  await withPublisher({ publish: HOME }, async (publisher) => {
    const { request } = await testedImage(publisher);
    const run = await publisher.publish(request);
    await until('the tests have passed, and no instance is left', async () => {
      const { steps } = await run.query(imageProgressQuery);
      const alive = await publisher.resources();
      return steps.test.state === 'done' && alive.every(({ type }) => type !== 'instance');
    });
    await run.terminate('an operator has pressed the wrong button');
    const { runId } = await run.describe();
    const temporal = await testTemporal();
    const own = { ...(await installationOf(temporal)), workflowId: run.workflowId, runId };
    const folder = `${kept}-new`;
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, 'cloud'), { recursive: true });
    // Without the log of its calls, and without the folders of instances that are gone.
    for (const name of ['state.jsonl', 'snapshots']) {
      const from = join(dirname(publisher.configFile), 'cloud', name);
      await copyCloud(from, join(folder, 'cloud', name));
    }
    await writeFile(join(folder, 'run.json'), JSON.stringify(own satisfies ClosedRun));
    await rename(folder, kept);
  });
}

/** A run that this file's Temporal namespace knows as terminated; no worker has ever taken it. */
async function closedRun(temporal: TestTemporal): Promise<ClosedRun> {
  const workflowId = `test/image/${COMPOSE.composeId}/${randomUUID()}/x86_64`;
  const handle = await temporal.client.workflow.start(PUBLISH_IMAGE_WORKFLOW, {
    workflowId,
    taskQueue: `none-${randomUUID()}`,
    args: [],
  });
  await handle.terminate('an operator has pressed the wrong button');
  const runId = handle.firstExecutionRunId;
  return { ...(await installationOf(temporal)), workflowId, runId };
}

async function installationOf({
  connection,
  server,
}: TestTemporal): Promise<Pick<ClosedRun, 'cluster' | 'namespace'>> {
  const { clusterId } = await connection.workflowService.getClusterInfo({});
  return { cluster: clusterId, namespace: server.namespace };
}
