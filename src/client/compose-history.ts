/** Reads the last status message of a compose from its history, without a worker. */

import { composeStatusSignal } from '../contract.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import type { TemporalAccess } from './connection.js';
import type { RunRef } from './session.js';

/** A compose gets a handful of messages, and they come before its images. */
const EVENTS_MAX = 200;

/** Undefined when the compose was started without a message. */
export async function readLastMessage(
  { client, namespace, call, payloads }: TemporalAccess,
  { workflowId, runId }: RunRef,
): Promise<ComposeMessage | undefined> {
  const { history } = await call(() =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: EVENTS_MAX,
    }),
  );
  const signals = (history?.events ?? [])
    .map((event) => event.workflowExecutionSignaledEventAttributes)
    .filter((signal) => signal?.signalName === composeStatusSignal.name);
  return payloads.first<ComposeMessage>(signals.at(-1)?.input);
}
