/** What a run waits for: its pending activities, their attempts, last heartbeats and last failures. */

import type { WorkflowExecutionDescription } from '@temporalio/client';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { Heartbeat } from '../model/progress/heartbeat.js';
import type { FailureReport } from './failure-report.js';
import { failureReport } from './failure-report.js';

export interface PendingActivity {
  readonly id: string;
  readonly type: string;
  readonly attempt: number;
  /** The last one, of this attempt or of the attempt before. */
  readonly heartbeat: Heartbeat | null;
  /** Why the attempt before this one failed. */
  readonly lastFailure: FailureReport | null;
  /** When it is tried again; null while it runs. */
  readonly nextAttemptAt: string | null;
  /** When the last attempt began, when the one before it failed, and when the last heartbeat came. */
  readonly startedAt?: string | null;
  readonly failedAt?: string | null;
  readonly heartbeatAt?: string | null;
}

type RawDescription = WorkflowExecutionDescription['raw'];
type RawActivity = NonNullable<RawDescription['pendingActivities']>[number];

export function pendingActivities(raw: RawDescription): PendingActivity[] {
  return (raw.pendingActivities ?? []).map((activity) => ({
    id: activity.activityId ?? '',
    type: activity.activityType?.name ?? '',
    attempt: activity.attempt ?? 1,
    heartbeat: heartbeatOf(activity),
    lastFailure: activity.lastFailure
      ? failureReport(
          defaultFailureConverter.failureToError(activity.lastFailure, defaultPayloadConverter),
        )
      : null,
    nextAttemptAt: nextAttempt(activity),
    startedAt: isoOf(activity.lastStartedTime),
    failedAt: isoOf(activity.lastAttemptCompleteTime),
    heartbeatAt: isoOf(activity.lastHeartbeatTime),
  }));
}

function heartbeatOf(activity: RawActivity): Heartbeat | null {
  const payload = activity.heartbeatDetails?.payloads?.[0];
  if (!payload) return null;
  const value: unknown = defaultPayloadConverter.fromPayload(payload);
  return isHeartbeat(value) ? value : null;
}

/** Workers of other versions may send other heartbeats; those are not shown. */
function isHeartbeat(value: unknown): value is Heartbeat {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, phase, bytes, totalBytes } = value as Record<string, unknown>;
  if (typeof phase !== 'string') return false;
  return kind === 'wait' || (typeof bytes === 'number' && typeof totalBytes === 'number');
}

function isoOf(time: RawActivity['lastStartedTime']): string | null {
  const seconds = Number(time?.seconds ?? 0);
  return seconds === 0 ? null : new Date(seconds * 1_000 + (time?.nanos ?? 0) / 1e6).toISOString();
}

/** Undefined unless the activity waits for its next attempt. */
function nextAttempt(activity: RawActivity): string | null {
  const SCHEDULED = 1;
  const seconds = activity.scheduledTime?.seconds;
  if (Number(activity.state) !== SCHEDULED || (activity.attempt ?? 1) < 2 || !seconds) return null;
  return new Date(Number(seconds) * 1_000).toISOString();
}
