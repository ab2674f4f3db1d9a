/** What a run waits for: its pending activities, their attempts, last heartbeats and last failures. */

import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { Heartbeat } from '../model/progress/heartbeat.js';
import type { PayloadReader } from '../payload-codec.js';
import { failureReport } from './failure-report.js';
import type { ActivityTimes, ActivityWait } from '../model/status/activity-wait.js';
import { waitOf } from '../model/status/activity-wait.js';
import type { Work } from '../model/status/work.js';

export interface PendingActivity extends Work {
  readonly wait: ActivityWait;
}

type RawDescription = WorkflowExecutionDescription['raw'];
/** Temporal's PendingActivityState: it waits for a worker or for its next attempt. */
const SCHEDULED = 1;

type RawActivity = NonNullable<RawDescription['pendingActivities']>[number];

export function pendingActivities(
  raw: RawDescription,
  payloads: PayloadReader,
  nowMs = Date.now(),
): Promise<PendingActivity[]> {
  const read = (raw.pendingActivities ?? []).map(async (activity) => {
    const facts = {
      id: activity.activityId ?? '',
      type: activity.activityType?.name ?? '',
      attempt: activity.attempt ?? 1,
      heartbeat: await heartbeatOf(activity, payloads),
      lastFailure: activity.lastFailure
        ? failureReport(await payloads.error(activity.lastFailure))
        : null,
      nextAttemptAt: nextAttempt(activity),
      startedAt: isoOf(activity.lastStartedTime),
      failedAt: isoOf(activity.lastAttemptCompleteTime),
      heartbeatAt: isoOf(activity.lastHeartbeatTime),
    };
    return { ...facts, wait: waitOf({ ...facts, ...timesOf(activity) }, nowMs) };
  });
  return Promise.all(read);
}

/** The times that Temporal's server has recorded, in ms since 1970. */
function timesOf(activity: RawActivity): ActivityTimes {
  const { state, lastStartedTime, lastHeartbeatTime, scheduledTime } = activity;
  return {
    isStarted: Number(state) !== SCHEDULED,
    startedMs: msOf(lastStartedTime),
    beatMs: msOf(lastHeartbeatTime),
    scheduledMs: msOf(scheduledTime),
  };
}

function msOf(time: RawActivity['scheduledTime']): number | undefined {
  if (!time?.seconds) return undefined;
  return Number(time.seconds) * 1_000 + (time.nanos ?? 0) / 1e6;
}

async function heartbeatOf(
  { heartbeatDetails }: RawActivity,
  payloads: PayloadReader,
): Promise<Heartbeat | null> {
  const value = await payloads.first<unknown>(heartbeatDetails);
  return isHeartbeat(value) ? value : null;
}

/** Workers of other versions may send other heartbeats; those are not shown. */
function isHeartbeat(value: unknown): value is Heartbeat {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, phase, bytes, totalBytes } = value as Record<string, unknown>;
  if (typeof phase !== 'string') return false;
  return kind === 'wait' || (typeof bytes === 'number' && typeof totalBytes === 'number');
}

function isoOf(time: RawActivity['scheduledTime']): string | null {
  const ms = msOf(time);
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** Null unless the activity waits for its next attempt. */
function nextAttempt(activity: RawActivity): string | null {
  const atMs = msOf(activity.scheduledTime);
  if (Number(activity.state) !== SCHEDULED || (activity.attempt ?? 1) < 2 || atMs === undefined) {
    return null;
  }
  return isoOf(activity.scheduledTime);
}
