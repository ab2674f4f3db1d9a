/** Reads the activities of a run from its history. */

import { defaultPayloadConverter } from '@temporalio/common';
import type { TemporalAccess } from './connection.js';
import type { RunRef } from './session.js';
import type { PastActivity } from './history-steps.js';

/** All regions of an image with retries are a few hundred events. */
const EVENTS_MAX = 1_000;

type Page = Awaited<
  ReturnType<TemporalAccess['client']['workflowService']['getWorkflowExecutionHistory']>
>;
type HistoryEvent = NonNullable<NonNullable<Page['history']>['events']>[number];

export async function pastActivities(
  { client, namespace, call }: TemporalAccess,
  { workflowId, runId }: RunRef,
): Promise<PastActivity[]> {
  const { history } = await call(() =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: EVENTS_MAX,
    }),
  );
  const past = new Map<string, PastActivity>();
  for (const event of history?.events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      past.set(String(event.eventId), {
        type: scheduled.activityType?.name ?? '',
        scheduledAt: timeOf(event),
        region: regionOf(firstPayload(scheduled.input)),
        end: 'open',
        endedAt: undefined,
        result: undefined,
        failure: undefined,
      });
      continue;
    }
    const ended = endOf(event);
    const open = ended && past.get(String(ended.scheduledEventId));
    if (ended && open) past.set(String(ended.scheduledEventId), { ...open, ...ended.end });
  }
  return [...past.values()];
}

function endOf(
  event: HistoryEvent,
): { readonly scheduledEventId: unknown; readonly end: Partial<PastActivity> } | undefined {
  const endedAt = timeOf(event);
  const done = event.activityTaskCompletedEventAttributes;
  if (done) {
    const result = firstPayload(done.result);
    return { scheduledEventId: done.scheduledEventId, end: { end: 'completed', endedAt, result } };
  }
  const failed =
    event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
  if (failed) {
    const failure = failed.failure?.message ?? 'Temporal gives no reason';
    return { scheduledEventId: failed.scheduledEventId, end: { end: 'failed', endedAt, failure } };
  }
  const cancelled = event.activityTaskCanceledEventAttributes;
  if (!cancelled) return undefined;
  const end = { end: 'failed', endedAt, failure: 'cancelled' } as const;
  return { scheduledEventId: cancelled.scheduledEventId, end };
}

function timeOf({ eventTime }: HistoryEvent): string {
  const ms = Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
  return new Date(ms).toISOString();
}

function firstPayload(
  payloads: { readonly payloads?: unknown[] | null } | null | undefined,
): unknown {
  const payload = payloads?.payloads?.[0];
  return payload === undefined
    ? undefined
    : defaultPayloadConverter.fromPayload(
        payload as Parameters<typeof defaultPayloadConverter.fromPayload>[0],
      );
}

function regionOf(input: unknown): string | undefined {
  const one = (input ?? {}) as { regionName?: string; regionPlan?: { regionName: string } };
  return one.regionName ?? one.regionPlan?.regionName;
}
