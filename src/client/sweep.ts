/** Starts a sweep by hand, and waits for its report. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { SweepInput } from '../contract.js';
import { SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../contract.js';
import type { SweepReport } from '../model/sweep/sweep.js';
import { handSweepWorkflowId } from '../model/ids/workflow-ids.js';
import { ClientError } from './errors.js';
import { failureReport } from './failure-report.js';
import type { RunRef, Session } from './session.js';
import { linkTo } from './session.js';
import type { StartOptions } from './start.js';

export interface StartedSweep extends RunRef {
  readonly taskQueue: string;
  readonly link: string | null;
}

/** Starts a sweep, or joins the one of the same kind that is under way. Throws `ClientError`. */
export async function startSweep(
  session: Session,
  input: SweepInput,
  { taskQueue, timeScale }: StartOptions,
): Promise<StartedSweep> {
  const { deployment, dryRun } = input;
  const workflowId = handSweepWorkflowId(deployment, dryRun);
  const handle = await session.access.call((client) =>
    client.workflow.start(SWEEP_WORKFLOW, {
      workflowId,
      taskQueue,
      args: [input],
      memo: { [TIME_SCALE_MEMO]: timeScale },
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `${dryRun ? 'lists' : 'removes'} what terminated runs of ${deployment} left`,
    }),
  );
  const run = { workflowId, runId: handle.firstExecutionRunId };
  return { ...run, taskQueue, link: linkTo(session, run) };
}

export interface SweepWaitOptions {
  readonly timeoutMs?: number | undefined;
  /** A worker accepts a new run within a second; after this time no worker is running. */
  readonly noWorkerMs?: number;
  /** Aborted when the user stops waiting; the sweep goes on. */
  readonly signal: AbortSignal;
}

export type SweepEnd =
  | { readonly end: 'closed'; readonly report: SweepReport }
  | { readonly end: 'timeout' | 'detached' };

const INTERVAL_MS = 500;
const NO_WORKER_MS = 20_000;

/** Throws a `ClientError` when the sweep fails. When no worker accepts it, terminates it and throws one, too. */
export async function awaitSweep(
  session: Session,
  run: StartedSweep,
  { timeoutMs = Infinity, noWorkerMs = NO_WORKER_MS, signal }: SweepWaitOptions,
): Promise<SweepEnd> {
  const { access } = session;
  const { workflowId, runId } = run;
  const begunMs = Date.now();
  for (;;) {
    const description = await access.call((client) =>
      client.workflow.getHandle(workflowId, runId).describe(),
    );
    if (description.status.name !== 'RUNNING') {
      return { end: 'closed', report: await readReport(session, run) };
    }
    if (signal.aborted) return { end: 'detached' };
    const waitedMs = Date.now() - begunMs;
    if (waitedMs >= timeoutMs) return { end: 'timeout' };
    if (waitedMs >= noWorkerMs && !isTakenUp(description)) throw await noWorker(session, run);
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The server alone writes the first two events: the start and the first task. */
function isTakenUp({ historyLength }: WorkflowExecutionDescription): boolean {
  return historyLength > 2;
}

/** Terminates the sweep: it must not run later, after the user has seen that it did not run. */
async function noWorker(
  { access }: Session,
  { workflowId, runId, taskQueue }: StartedSweep,
): Promise<ClientError> {
  await access.call((client) =>
    client.workflow.getHandle(workflowId, runId).terminate('no worker took it up'),
  );
  return new ClientError(
    'unreachable',
    `No worker polls the task queue ${taskQueue}, so the sweep did not run`,
    'Start a worker with this configuration (`fedimg worker`), then sweep again.',
  );
}

async function readReport(
  { access }: Session,
  { workflowId, runId }: StartedSweep,
): Promise<SweepReport> {
  return access.call(async (client) => {
    try {
      const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
      return (await handle.result()) as SweepReport;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'WorkflowFailedError') throw error;
      const { message, next } = failureReport(error.cause ?? error);
      throw new ClientError(
        'refused',
        `The sweep failed: ${message}`,
        next ?? `Look at ${workflowId} in the Temporal UI.`,
        error,
      );
    }
  });
}
