/** Reads the activities of a run from its history. */

import type { PayloadReader } from '../payload-codec.js';
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
  { client, namespace, call, payloads }: TemporalAccess,
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
        region: regionOf(await payloads.first(scheduled.input)),
        end: 'open',
        endedAt: undefined,
        result: undefined,
        failure: undefined,
      });
      continue;
    }
    const ended = await endOf(event, payloads);
    const open = ended && past.get(String(ended.scheduledEventId));
    if (ended && open) past.set(String(ended.scheduledEventId), { ...open, ...ended.end });
  }
  return [...past.values()];
}

async function endOf(
  event: HistoryEvent,
  payloads: PayloadReader,
): Promise<
  { readonly scheduledEventId: unknown; readonly end: Partial<PastActivity> } | undefined
> {
  const endedAt = timeOf(event);
  const done = event.activityTaskCompletedEventAttributes;
  if (done) {
    const result = await payloads.first<unknown>(done.result);
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

function regionOf(input: unknown): string | undefined {
  const one = (input ?? {}) as { regionName?: string; regionPlan?: { regionName: string } };
  return one.regionName ?? one.regionPlan?.regionName;
}
