/** The sweep of a lane's installation, and that of another one with the same account, deployment and configuration. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { SweepReport } from '../../src/model/sweep/sweep.js';
import { DEPLOYMENT, TIME_SCALE } from './crew.js';
import { insist } from './disturber.js';
import type { RunStatus } from './evidence.js';

/** The sweep keeps what is younger. */
const GRACE_MS = 60_000 * TIME_SCALE;

let sweeps = 0;

/** A dry run lists what the sweep keeps only because it is young. One in each quarter of the grace period costs little. */
export async function sweepWhenOld(client: Client, taskQueue: string): Promise<void> {
  while (await isGraceRunning(client, taskQueue)) await delay(GRACE_MS / 4);
  await sweepOnce(client, taskQueue);
}

async function isGraceRunning(client: Client, taskQueue: string): Promise<boolean> {
  const report = await sweepOnce(client, taskQueue, true);
  if (report === undefined) return false;
  const isYoung = ({ code }: { readonly code: string }) =>
    code === 'young' || code === 'closed-lately';
  return report.failedRegions.length > 0 || report.kept.some(isYoung);
}

/** Undefined when it did not complete; the listing shows what that leaves. */
export async function sweepOnce(
  client: Client,
  taskQueue: string,
  dryRun = false,
): Promise<SweepReport | undefined> {
  sweeps += 1;
  const workflowId = `chaos-sweep-${sweeps}`;
  const handle = await insist(() =>
    client.workflow.start(SWEEP_WORKFLOW, {
      taskQueue,
      workflowId,
      memo: { [TIME_SCALE_MEMO]: TIME_SCALE },
      args: [{ deployment: DEPLOYMENT, dryRun }],
    }),
  );
  if ((await closing(handle, SWEEP_BOUND_MS)) !== 'COMPLETED') return undefined;
  return (await insist(() => handle.result())) as SweepReport;
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
