/** The sweep of a lane's installation, and that of another one with the same account, deployment and configuration. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import { DEPLOYMENT, TIME_SCALE } from './crew.js';
import { insist } from './disturber.js';
import type { RunStatus } from './evidence.js';

/** What is younger is left alone. */
export const GRACE_MS = 60_000 * TIME_SCALE;

let sweeps = 0;

/** Resolves when the sweep has closed, or its bound is over. */
export async function sweepOnce(client: Client, taskQueue: string): Promise<void> {
  sweeps += 1;
  const workflowId = `chaos-sweep-${sweeps}`;
  const handle = await insist(() =>
    client.workflow.start(SWEEP_WORKFLOW, {
      taskQueue,
      workflowId,
      memo: { [TIME_SCALE_MEMO]: TIME_SCALE },
      args: [{ deployment: DEPLOYMENT, dryRun: false }],
    }),
  );
  await closing(handle, SWEEP_BOUND_MS);
}

const SWEEP_BOUND_MS = 120_000;

/** How the run has closed; RUNNING when the bound is over first. */
export async function closing(handle: WorkflowHandle, boundMs: number): Promise<RunStatus> {
  const end = performance.now() + boundMs;
  for (;;) {
    const { status } = await insist(() => handle.describe(), 60_000);
    if (status.name !== 'RUNNING' || performance.now() > end) return status.name as RunStatus;
    await delay(200);
  }
}
