/** Whether a worker polls a task queue: without one, a run there waits and reports nothing. */

import type { TemporalAccess } from './connection.js';
import { ClientError } from './errors.js';

/** The server remembers pollers for minutes. A running worker asks for work at least once a minute. */
const POLLED_LATELY_MS = 90_000;

const WORKFLOW = 1;

/** A sentence with what to do when no worker polls the task queue; null when one does or Temporal does not answer. */
export async function noWorkerWarning(
  access: TemporalAccess,
  taskQueue: string,
): Promise<string | null> {
  if (await isPolled(access, taskQueue)) return null;
  return `no worker polls task queue ${taskQueue}: start one with this configuration (\`fedimg worker\`)`;
}

async function isPolled(
  { client, namespace, call }: TemporalAccess,
  taskQueue: string,
): Promise<boolean> {
  try {
    const { pollers } = await call(() =>
      client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: WORKFLOW,
      }),
    );
    const sinceSeconds = (Date.now() - POLLED_LATELY_MS) / 1_000;
    return (pollers ?? []).some(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= sinceSeconds,
    );
  } catch (error) {
    if (error instanceof ClientError) return true;
    throw error;
  }
}
