/** Asks Temporal again and again whether it is there, so that the fence knows when the worker lost touch. */

import type { NativeConnection } from '@temporalio/worker';
import type { Fence } from '../activities/fence.js';

/** A few questions within the fence's bound: one lost answer is no lost touch. */
const QUESTIONS_WITHIN_BOUND = 6;

/** Resolves with what ends the watch. */
export function watchTemporal(
  connection: NativeConnection,
  { fence, boundMs }: { readonly fence: Fence; readonly boundMs: number },
): () => void {
  const intervalMs = boundMs / QUESTIONS_WITHIN_BOUND;
  let asking = false;
  const timer = setInterval(() => {
    fence.check();
    if (asking) return;
    asking = true;
    void ask(connection, Math.max(1_000, intervalMs * 2))
      .then((answered) => (answered ? fence.seen() : undefined))
      .finally(() => (asking = false));
  }, intervalMs);
  return () => clearInterval(timer);
}

async function ask(connection: NativeConnection, deadlineMs: number): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + deadlineMs, () =>
      connection.workflowService.getSystemInfo({}),
    );
    return true;
  } catch {
    return false;
  }
}
