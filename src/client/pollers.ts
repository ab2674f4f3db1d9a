/** Whether a worker takes new runs of a task queue: without one, a run there waits and reports nothing. */

import type { Connection } from '@temporalio/client';
import type { WorkerVersion } from '../worker-version.js';
import { buildsForNewRuns, setCurrentCommand } from '../worker-version.js';
import type { TemporalAccess } from './connection.js';
import { ClientError } from './errors.js';

/** The server remembers pollers for minutes. A running worker asks for work at least once a minute. */
const POLLED_LATELY_MS = 90_000;

const WORKFLOW = 1;
/** Of `temporal.api.enums.v1.WorkerVersioningMode`. */
const VERSIONED = 2;

/** What is asked of each poller that Temporal lists. */
export interface Poller {
  readonly deploymentOptions?: {
    readonly deploymentName?: string | null;
    readonly buildId?: string | null;
    readonly workerVersioningMode?: number | null;
  } | null;
}

/** A sentence with what to do when no worker takes new runs; null when one does or Temporal does not answer. */
export async function noWorkerWarning(
  access: TemporalAccess,
  taskQueue: string,
): Promise<string | null> {
  try {
    const pollers = await pollersOf(access, taskQueue);
    if (pollers.length > 0) {
      const found = await notCurrent(access, pollers);
      return found === undefined ? null : `${found.what}: run \`${found.command}\``;
    }
    return `no worker polls task queue ${taskQueue}: start one with this configuration (\`fedimg worker\`)`;
  } catch (error) {
    if (error instanceof ClientError) return null;
    throw error;
  }
}

/** That all of these workers have a version, and none of the versions gets new runs. */
export async function notCurrent(
  { call, namespace }: TemporalAccess,
  pollers: readonly Poller[],
): Promise<{ readonly what: string; readonly command: string } | undefined> {
  const versions = pollers.map(versionOf);
  const [newest] = versions;
  if (newest === undefined || versions.includes(undefined)) return undefined;
  for (const deploymentName of new Set(versions.map((one) => one?.deploymentName ?? ''))) {
    const builds = await call(({ connection }) =>
      buildsForNewRuns(connection as Connection, namespace, deploymentName),
    );
    if (builds === undefined) return undefined;
    const isServed = versions.some(
      (one) => one?.deploymentName === deploymentName && builds.includes(one.buildId),
    );
    if (isServed) return undefined;
  }
  const polling = [...new Set(versions.map((one) => one?.buildId))].join(', ');
  const what = `workers poll, but Temporal gives new runs to none of their versions (${polling})`;
  return { what, command: setCurrentCommand(newest) };
}

function versionOf({ deploymentOptions: options }: Poller): WorkerVersion | undefined {
  if (options?.workerVersioningMode !== VERSIONED) return undefined;
  const { deploymentName, buildId } = options;
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}

async function pollersOf(
  { client, namespace, call }: TemporalAccess,
  taskQueue: string,
): Promise<readonly Poller[]> {
  const { pollers } = await call(() =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: WORKFLOW,
    }),
  );
  const sinceSeconds = (Date.now() - POLLED_LATELY_MS) / 1_000;
  return (pollers ?? []).filter(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= sinceSeconds,
  );
}
