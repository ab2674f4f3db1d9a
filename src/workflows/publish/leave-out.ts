/** A region that cannot be published: the run goes on without it, and its resources are removed. */

import { needsOperator } from '../../model/errors.js';
import type { OperatorAct } from '../../model/progress/operator.js';
import type { RegionProgress } from '../../model/progress/progress.js';
import { failureDetails, failureReason, isCancelled, serviceFailure } from '../failure-reason.js';
import type { EarlyCopies } from './early-copies.js';
import type { ImageRun } from './image-run.js';
import { beforeHold } from './region-state.js';
import type { UndoStack } from './undo-stack.js';
import { leftBehind } from './undo-stack.js';

const SKIPPED_NEXT = 'Retry the region when it is to be published after all.';

const LATE_NEXT =
  'Check the region in AWS Health. If the region is healthy but slow, raise publish.region_patience.';

/** The parts of a publication that go on without one of its regions. */
export interface LeavingRun {
  readonly run: ImageRun;
  readonly undo: UndoStack;
  readonly early: EarlyCopies;
  /** Whether the whole run was cancelled or has failed. */
  readonly isEnding: boolean;
  undoAside(regionName: string, undo: Promise<void>): void;
}

/** Records the region as failed and undoes it beside the steps. Throws when the whole run was cancelled: then all is undone. */
export function leaveOut(leaving: LeavingRun, regionName: string, failure: unknown): void {
  const { run } = leaving;
  if (leaving.isEnding) throw failure;
  const skip = run.operator.skipOf(regionName);
  const late = isCancelled(failure) ? lateReason(failure) : failureReason(failure);
  const reason = skip === undefined ? late : skipReason(skip);
  const next = skip === undefined ? nextOf(failure) : SKIPPED_NEXT;
  const before = beforeHold(run.region(regionName));
  // The undo asks EC2 which of its AMIs are public. Before that, the record shows the region without AMIs.
  run.setRegion(regionName, { state: 'failed', amis: [], reason, next });
  // The clean-up of a sick region must not delay the others.
  leaving.undoAside(regionName, undoAside(leaving, before, reason));
}

function skipReason({ by, reason }: OperatorAct): string {
  return `skipped by ${by}${reason === undefined ? '' : `: ${reason}`}`;
}

/** Adds the failure of the last attempt: it explains why the time was not enough. */
function lateReason(failure: unknown): string {
  const last = serviceFailure(failure);
  return `not complete within region_patience${last === undefined ? '' : `: ${last.message}`}`;
}

/** A failure that ends by itself did not stop the region; only the time was too short. */
export function nextOf(failure: unknown): string {
  const details = failureDetails(failure);
  return details !== undefined && needsOperator(details.class) ? details.next : LATE_NEXT;
}

async function undoAside(
  { run, undo, early }: LeavingRun,
  before: RegionProgress,
  reason: string,
): Promise<void> {
  await early.stop(before.region);
  const undone = await undo.unwindRegion(before.region);
  run.recordUndone(undone, before, reason);
  run.setRegion(before.region, { reason: `${reason}${leftBehind([undone])}` });
}
