/** Runs real workflows on the real server, with whatever activities a test gives. */

import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../../src/activities/activities.js';
import { PUBLISH_IMAGE_WORKFLOW } from '../../src/contract.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { ImageResult } from '../../src/model/progress/progress.js';
import { suiteBundle } from './suite.js';
import { testTemporal } from './temporal.js';

/** The workflows of these sources. */
export async function testBundle(): Promise<{ readonly codePath: string }> {
  return { codePath: await suiteBundle() };
}

export interface WorkflowTest {
  readonly client: Client;
  readonly taskQueue: string;
  readonly startImage: (
    request: ImageRequest,
  ) => Promise<WorkflowHandle<() => Promise<ImageResult>>>;
}

/** Runs `body` beside a worker with a task queue of its own. */
export async function withWorker<T>(
  activities: Activities,
  body: (test: WorkflowTest) => Promise<T>,
  {
    deployment,
    ...options
  }: Pick<WorkerOptions, 'sinks' | 'interceptors'> & { readonly deployment?: string } = {},
): Promise<T> {
  const { server, client } = await testTemporal();
  const taskQueue = `test-${randomUUID()}`;
  const connection = await NativeConnection.connect({ address: server.address });
  try {
    const worker = await Worker.create({
      connection,
      namespace: server.namespace,
      taskQueue,
      workflowBundle: await testBundle(),
      activities,
      // Without a thread for workflows, a worker starts in half the CPU time.
      debugMode: true,
      // A cancellation reaches an activity with its next heartbeat that is really sent.
      maxHeartbeatThrottleInterval: '300ms',
      ...options,
    });
    const startImage = (request: ImageRequest) =>
      client.workflow.start<() => Promise<ImageResult>>(PUBLISH_IMAGE_WORKFLOW, {
        taskQueue,
        workflowId: `${deployment === undefined ? '' : `${deployment}/`}image/${request.composeId}/${randomUUID()}/${request.image.arch}`,
        args: [{ request }] as never,
      });
    return await worker.runUntil(body({ client, taskQueue, startImage }));
  } finally {
    await connection.close();
  }
}
