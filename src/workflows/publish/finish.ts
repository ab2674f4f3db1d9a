/** The three ends of a publication: published, already published, or failed and undone. */

import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
} from '@temporalio/workflow';
import { EC2_SERVICE_EXCEPTION } from '../../model/errors.js';
import type { ImageResult } from '../../model/progress/progress.js';
import { failureDetails, failureReason, isCancelled, serviceFailure } from '../failure-reason.js';
import type { ImageRun } from './image-run.js';
import { keepFailedTest } from './keep-failed-test.js';
import { noteLeftOutRegions } from './note-left-out.js';
import type { Publication } from './publication.js';
import { leftBehind } from './undo-stack.js';

/** Waits for the clean-up of left-out regions and for the messages: the result lists those that were not sent. */
export async function finishPublished(publication: Publication): Promise<ImageResult> {
  const { run, announcements } = publication;
  await publication.settleAside();
  const isPartial = run.regions.some(({ state }) => state === 'failed' || state === 'left-out');
  const outcome = isPartial ? 'partly-published' : 'published';
  await noteLeftOutRegions(run.record, outcome);
  run.close(outcome);
  await announcements.delivered();
  return run.result(outcome);
}

/** An earlier run published this image: its AMIs are the result, and this run makes no changes. */
export function finishUnchanged({ run, plan }: Publication): ImageResult {
  for (const { regionName, wanted, unusable } of run.regionPlans) {
    const amis = plan.published?.filter((ami) => ami.regionName === regionName) ?? [];
    const isComplete = amis.length > 0 && amis.length >= wanted.length;
    const state = amis.every(({ isPrivate }) => isPrivate) ? 'private' : 'published';
    if (isComplete) run.setRegion(regionName, { state, amis });
    else if (unusable === undefined) {
      // The earlier run may have made some of its AMIs public before it reached the region's quota.
      const reason = 'not published by the earlier run';
      run.setRegion(regionName, { state: 'failed', amis, reason });
    }
  }
  run.skipSteps();
  const isPartial = run.regions.some(({ state }) => state === 'failed');
  const outcome = isPartial ? 'partly-published' : 'already-published';
  run.close(outcome);
  return run.result(outcome);
}

/** Removes what is not public. Answers the failure to throw, with the reason and with what could not be removed. */
export async function failAndUndo(publication: Publication, failure: unknown): Promise<unknown> {
  const { run, plan, undo, announcements } = publication;
  run.failStep();
  const kept = await keepFailedTest(publication, failure);
  const reason = failureReason(failure);
  const undone = await undo.unwind();
  for (const one of undone) run.recordUndone(one, run.region(one.regionName), reason);
  if (kept !== '') {
    run.setRegion(plan.homeRegion, { state: 'failed', amis: [], reason: `${reason}${kept}` });
  }
  await CancellationScope.nonCancellable(() => publication.settleAside());
  const outcome = isCancelled(failure) ? 'cancelled' : 'failed';
  await noteLeftOutRegions(run.record, outcome);
  const message = `${reason}${kept}${leftBehind(undone)}`;
  run.close(outcome, message);
  await announcements.delivered();
  return thrownFailure(run, failure, message);
}

/** Without a plan the run has made no resource and sent no message. */
export function failUnplanned(run: ImageRun, failure: unknown): unknown {
  const message = failureReason(failure);
  run.failStep();
  run.close(isCancelled(failure) ? 'cancelled' : 'failed', message);
  return thrownFailure(run, failure, message);
}

/** Its details are those of the cause, and then the progress: the record of a failed run. */
function thrownFailure(run: ImageRun, failure: unknown, message: string): unknown {
  if (isCancellation(failure) && isCancelled(failure)) return failure;
  if (isCancelled(failure)) return new CancelledFailure('cancelled', [], failure as Error);
  return ApplicationFailure.create({
    type: serviceFailure(failure)?.type ?? EC2_SERVICE_EXCEPTION,
    message: `${run.input.request.image.name}: ${message}`,
    nonRetryable: true,
    details: [failureDetails(failure) ?? null, run.progress()],
    ...(failure instanceof Error ? { cause: failure } : {}),
  });
}
