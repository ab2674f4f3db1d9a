/** The write of a run, as Temporal sees it. */

import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

export interface PendingWrite {
  readonly attempt: number | undefined;
  /** False between two attempts. */
  readonly isRunning: boolean;
  /** The type of the failure that ended the attempt before. */
  readonly failure: string | null | undefined;
  /** What that failure asked Temporal to wait before the next attempt. */
  readonly nextRetryDelayMs: number | undefined;
}

/** Rejects when no write is under way. */
export async function pendingWrite(handle: WorkflowHandle): Promise<PendingWrite> {
  const { raw } = await handle.describe();
  const write = raw.pendingActivities?.find((one) => one.activityType?.name === 'writeImage');
  assert(write, 'the write is not under way');
  const failure = write.lastFailure?.applicationFailureInfo;
  return {
    attempt: write.attempt ?? undefined,
    isRunning: write.lastStartedTime !== null,
    failure: failure?.type,
    nextRetryDelayMs: optionalTsToMs(failure?.nextRetryDelay),
  };
}
