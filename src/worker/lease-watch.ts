/** Asks Temporal at intervals which attempts it knows as running, and renews their leases. */

import { setTimeout as delay } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Fence, PendingAttempt } from '../activities/attempt/fence.js';
import { leaseClockMs } from '../activities/attempt/lease-clock.js';
import type { RunRef } from '../model/ids/run-ref.js';
import type { HeartbeatStamp } from '../model/progress/heartbeat.js';

/** An attempt in doubt has just sent its first heartbeat, which Temporal records in a moment. */
const FIRST_PAUSE_MS = 20;

/** Several questions within the bound, so that one lost answer does not end a lease. */
const QUESTIONS_WITHIN_BOUND = 6;

/** Temporal's PendingActivityState: to be cancelled, paused, or to be paused. */
const CALLED = [3, 4, 5];

/** gRPC's NOT_FOUND: the run was deleted. */
const NOT_FOUND = 5;

type Answer = Awaited<ReturnType<NativeConnection['workflowService']['describeWorkflowExecution']>>;
type RawActivity = NonNullable<Answer['pendingActivities']>[number];

interface WatchSettings {
  readonly fence: Fence;
  readonly boundMs: number;
  readonly namespace: string;
}

/** Returns the function that ends the watch. */
export function watchLeases(
  connection: NativeConnection,
  { fence, boundMs, namespace }: WatchSettings,
): () => void {
  const intervalMs = boundMs / QUESTIONS_WITHIN_BOUND;
  const deadlineMs = Math.max(1_000, intervalMs * 2);
  const asking = new Set<string>();
  const doubted = new Set<string>();
  let stopped = false;
  const ask = async (run: RunRef): Promise<void> => {
    const askedMs = leaseClockMs();
    const pending = await pendingOf(connection, { namespace, run, deadlineMs });
    if (pending !== undefined) fence.answered(run, pending, askedMs);
  };
  const askUntilSure = async (run: RunRef): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    for (await ask(run); fence.isInDoubt(run) && !stopped; await ask(run)) {
      await delay(pauseMs, undefined, { ref: false });
      pauseMs = Math.min(pauseMs * 2, intervalMs);
    }
    doubted.delete(run.runId);
  };
  fence.whenInDoubt((run) => {
    if (doubted.has(run.runId)) return;
    doubted.add(run.runId);
    void askUntilSure(run);
  });
  const timer = setInterval(() => {
    fence.check();
    for (const run of fence.runs().filter(({ runId }) => !asking.has(runId))) {
      asking.add(run.runId);
      void ask(run).finally(() => asking.delete(run.runId));
    }
  }, intervalMs);
  return () => {
    clearInterval(timer);
    stopped = true;
  };
}

/** Undefined when Temporal does not answer in time. */
async function pendingOf(
  connection: NativeConnection,
  { namespace, run, deadlineMs }: { namespace: string; run: RunRef; deadlineMs: number },
): Promise<PendingAttempt[] | undefined> {
  try {
    const { pendingActivities } = await connection.withDeadline(Date.now() + deadlineMs, () =>
      connection.workflowService.describeWorkflowExecution({ namespace, execution: run }),
    );
    return pendingActivities.map((activity) => ({
      activityId: activity.activityId ?? '',
      attempt: activity.attempt ?? 1,
      stamp: stampOf(activity),
      isCalled: CALLED.includes(Number(activity.state)),
    }));
  } catch (error) {
    return (error as { code?: unknown }).code === NOT_FOUND ? [] : undefined;
  }
}

function stampOf({ heartbeatDetails }: RawActivity): HeartbeatStamp | undefined {
  const payload = heartbeatDetails?.payloads?.[0];
  if (!payload) return undefined;
  const value: { stamp?: Partial<HeartbeatStamp> } | null =
    defaultPayloadConverter.fromPayload(payload);
  const { lease, sentMs } = value?.stamp ?? {};
  return typeof lease === 'string' && typeof sentMs === 'number' ? { lease, sentMs } : undefined;
}
