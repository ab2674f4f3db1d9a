/** A workflow task that fails again and again: the run stands still, though a worker is there. */

import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { TemporalAccess } from './connection.js';
import type { RunRef } from './session.js';

/** Temporal writes the first failure of a row into the history; no event of another kind follows it. */
const LAST_EVENTS = 10;

/** Why the run's workflow task fails, or null when it does not. */
export async function failingTask(
  { client, namespace, call }: TemporalAccess,
  { workflowId, runId }: RunRef,
  { pendingWorkflowTask: task }: WorkflowExecutionDescription['raw'],
): Promise<string | null> {
  const attempt = task?.attempt ?? 1;
  if (attempt < 2) return null;
  const { history } = await call(() =>
    client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: LAST_EVENTS,
    }),
  );
  const failed = (history?.events ?? [])
    .map((event) => event.workflowTaskFailedEventAttributes)
    .find((attributes) => attributes);
  // A task without an answer is repeated, too: the worker died, and the next one goes on.
  if (!failed) return null;
  const why = failed.failure?.message || 'Temporal gives no reason';
  return `the run stands still, because its workflow task has failed ${attempt - 1} times: ${why}; run \`fedimg doctor\`, then read the log of the worker`;
}
