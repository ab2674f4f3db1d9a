/** How a closed run ended: its result, or the failure in its place. */

import type { RunRef, Session } from './session.js';

export type End<R> = { readonly result: R } | { readonly failure: unknown };

/** Read from the history: no worker has to replay a run for it. */
export async function readEnd<R>(
  { access }: Session,
  { workflowId, runId }: RunRef,
): Promise<End<R>> {
  return access.call(async (client) => {
    const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
    try {
      return { result: (await handle.result()) as R };
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'WorkflowFailedError') throw error;
      return { failure: error.cause ?? error };
    }
  });
}
