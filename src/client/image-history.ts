/** Reads an image's request and its plan from its history, without a worker. */

import type { ImagePlan, ImageRequest } from '../model/plan/plan.js';
import type { PublishImageInput } from '../contract.js';
import type { TemporalAccess } from './connection.js';
import type { RunRef } from './session.js';

export interface ImageHistory {
  readonly request: ImageRequest;
  /** Undefined until the first step is done. */
  readonly plan: ImagePlan | undefined;
}

/** The plan is the first activity: its events are among the first dozen. */
const EVENTS_MAX = 40;

export async function readImageHistory(
  { client, namespace, call, payloads }: TemporalAccess,
  run: RunRef,
): Promise<ImageHistory> {
  const { history } = await call(() =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: run.workflowId, runId: run.runId },
      maximumPageSize: EVENTS_MAX,
    }),
  );
  const events = history?.events ?? [];
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  const input = await payloads.first<PublishImageInput>(started?.input);
  if (input === undefined) throw new TypeError(`${run.workflowId} has no input in its history`);
  const planned = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'planImage',
  );
  const completed = events
    .map((event) => event.activityTaskCompletedEventAttributes)
    .find((done) => done && String(done.scheduledEventId) === String(planned?.eventId));
  return { request: input.request, plan: await payloads.first<ImagePlan>(completed?.result) };
}
