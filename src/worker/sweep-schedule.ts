/** The deployment's schedule of the sweep: each worker makes it at start, or updates it to its configuration. */

import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type {
  Client,
  ScheduleHandle,
  ScheduleOptionsStartWorkflowAction,
} from '@temporalio/client';
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.js';
import type { SweepInput } from '../contract.js';
import { SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../contract.js';
import { sweepScheduleId, sweepWorkflowId } from '../model/ids/workflow-ids.js';

const CALLS_TIMEOUT_MS = 20_000;

/**
 * Ends a sweep that waits for a worker in vain, because it would hold up all later sweeps. A sweep may end anywhere:
 * its acts need no undo.
 */
const RUN_TIMEOUT_MS = 2 * 3_600_000;

/** So that a weekly schedule is not missing for weeks. */
const RETRY_MS_MAX = 3_600_000;

/**
 * Tries until the schedule is as configured, or `signal` aborts. Never rejects, because publishing works without the
 * schedule. Not reconciled later: two workers with different settings would overwrite each other.
 */
export async function keepSweepSchedule(
  client: Client,
  config: Config,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const scheduleId = sweepScheduleId(config.deployment);
  const { enabled, everyMs } = config.sweep;
  const retryMs = Math.min(everyMs, RETRY_MS_MAX);
  while (!signal.aborted) {
    try {
      const outcome = await client.connection.withDeadline(Date.now() + CALLS_TIMEOUT_MS, () =>
        enabled
          ? createOrUpdate(client, scheduleId, config)
          : remove(client.schedule.getHandle(scheduleId)),
      );
      return log.info({ scheduleId, everyMs }, `sweep schedule ${outcome}`);
    } catch (error) {
      if (signal.aborted) return;
      const next = 'The worker tries again. Until then, run `fedimg sweep` to remove strays.';
      log.warn({ scheduleId, retryMs, err: error, next }, 'the sweep schedule could not be set');
    }
    await delay(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function createOrUpdate(client: Client, scheduleId: string, config: Config): Promise<string> {
  const wanted = scheduleOf(config);
  try {
    await client.schedule.create({ ...wanted, scheduleId });
    return 'is created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = client.schedule.getHandle(scheduleId);
  if (await isAsWanted(handle, wanted)) return 'is there';
  // The state stays: a schedule that an operator paused stays paused.
  await handle.update<Workflow>(({ state }) => ({ ...wanted, state }));
  return 'is updated';
}

async function remove(handle: ScheduleHandle): Promise<string> {
  try {
    await handle.delete();
    return 'is deleted: sweep.enabled is false';
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return 'is not wanted: sweep.enabled is false';
    throw error;
  }
}

function scheduleOf({ deployment, sweep, worker, timing }: Config) {
  const input: SweepInput = { deployment, dryRun: false };
  const action: ScheduleOptionsStartWorkflowAction<Workflow> = {
    type: 'startWorkflow',
    workflowType: SWEEP_WORKFLOW,
    workflowId: sweepWorkflowId(deployment),
    taskQueue: worker.taskQueue,
    args: [input],
    memo: { [TIME_SCALE_MEMO]: timing.scale },
    workflowRunTimeout: RUN_TIMEOUT_MS,
    staticSummary: `removes what terminated runs of ${deployment} left`,
  };
  return {
    spec: { intervals: [{ every: sweep.everyMs }] },
    action,
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      // After an outage, one sweep does the work of all that were missed.
      catchupWindow: 60_000,
    },
  };
}

/** Avoids a needless update by each worker that starts. */
async function isAsWanted(
  handle: ScheduleHandle,
  wanted: ReturnType<typeof scheduleOf>,
): Promise<boolean> {
  const { spec, action, policies } = await handle.describe();
  const { workflowType, taskQueue, args, memo } = wanted.action;
  return (
    isDeepStrictEqual(
      spec.intervals?.map(({ every }) => every),
      wanted.spec.intervals.map(({ every }) => every),
    ) &&
    policies.overlap === wanted.policies.overlap &&
    action.workflowType === workflowType &&
    action.taskQueue === taskQueue &&
    action.workflowRunTimeout === RUN_TIMEOUT_MS &&
    isDeepStrictEqual(action.args, args) &&
    isDeepStrictEqual(action.memo, memo)
  );
}
