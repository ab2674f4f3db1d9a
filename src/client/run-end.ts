/** How a closed run ended: its result or its failure. */

import type { RunRef, Session } from './session.js';

export type End<R> = { readonly result: R } | { readonly failure: unknown };

/** Reads the history, so that no worker has to replay the run. */
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
