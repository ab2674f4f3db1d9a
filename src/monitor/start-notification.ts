/** Starts the delivery of a notification. Temporal refuses a second run for a key, so several workers may see the same event. */

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Session } from '../client/session.js';
import type { StartOptions } from '../client/start.js';
import type { NotifyInput } from '../contract.js';
import { NOTIFY_WORKFLOW, TIME_SCALE_MEMO } from '../contract.js';
import { notifyWorkflowId } from '../model/ids/workflow-ids.js';

/** False when its delivery was started before; rejects when Temporal does not accept it. */
export async function startNotification(
  { access, deployment }: Session,
  input: NotifyInput,
  { taskQueue, timeScale }: StartOptions,
): Promise<boolean> {
  const { notification } = input;
  try {
    await access.call((client) =>
      client.workflow.start(NOTIFY_WORKFLOW, {
        workflowId: notifyWorkflowId(deployment, notification.key),
        taskQueue,
        args: [input],
        memo: { [TIME_SCALE_MEMO]: timeScale },
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `notifies: ${notification.title}`.slice(0, 200),
      }),
    );
    return true;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const isKnown = [error, cause].some(
      (one) => one instanceof WorkflowExecutionAlreadyStartedError,
    );
    if (isKnown) return false;
    throw error;
  }
}
