/** The three ends of a publication: published, already published, or failed and undone. */

import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
} from '@temporalio/workflow';
import { EC2_SERVICE_EXCEPTION } from '../../model/errors.js';
import type { ImageResult } from '../../model/progress/progress.js';
import { runAnnouncement, unplannedRun } from '../../model/progress/run-announcement.js';
import { failureDetails, failureReason, isCancelled, serviceFailure } from '../failure-reason.js';
import { Announcements } from './announcements.js';
import { showEarlier } from './earlier-run.js';
import type { ImageRun } from './image-run.js';
import { keepFailedTest } from './keep-failed-test.js';
import { lookOnceMore } from './last-look.js';
import { noteLeftOutRegions } from './note-left-out.js';
import type { Publication } from './publication.js';
import { leftBehind } from './undo-stack.js';

/** Waits for the clean-up of left-out regions and for the messages: the result lists those that were not sent. */
export async function finishPublished(publication: Publication): Promise<ImageResult> {
  const { run, plan, announcements } = publication;
  run.operator.close();
  await publication.settleAside();
  const outcome = isPartial(run) ? 'partly-published' : 'published';
  await noteLeftOutRegions(run.record, plan, outcome);
  await lookOnceMore(publication, ['published', 'private', 'failed']);
  run.close(outcome);
  await announcements.delivered();
  return run.result(outcome);
}

/** Whether a region that the image was to have lacks AMIs. */
function isPartial({ regions }: ImageRun): boolean {
  return regions.some(({ state }) => state === 'failed' || state === 'left-out');
}

/** An earlier run published this image: its AMIs are the result, and this run makes no changes. */
export function finishUnchanged(publication: Publication): ImageResult {
  const { run } = publication;
  run.operator.close();
  showEarlier(publication);
  run.skipSteps();
  const outcome = isPartial(run) ? 'partly-published' : 'already-published';
  run.close(outcome);
  return run.result(outcome);
}

/** Removes what is not public. Answers the failure to throw, with the reason and with what could not be removed. */
export async function failAndUndo(publication: Publication, failure: unknown): Promise<unknown> {
  const { run, plan, undo, announcements, late } = publication;
  run.operator.close();
  run.failStep();
  await late.stop();
  const kept = await keepFailedTest(publication, failure);
  const reason = failureReason(failure);
  const undone = await undo.unwind();
  for (const one of undone) run.recordUndone(one, run.region(one.regionName), reason);
  if (kept !== '') {
    run.setRegion(plan.homeRegion, { state: 'failed', amis: [], reason: `${reason}${kept}` });
  }
  await CancellationScope.nonCancellable(() => publication.settleAside());
  const outcome = isCancelled(failure) ? 'cancelled' : 'failed';
  await noteLeftOutRegions(run.record, plan, outcome);
  // The undo has just looked into the other regions, where a failed test may be kept for inspection.
  await lookOnceMore(publication, ['published', 'private']);
  const message = `${reason}${kept}${leftBehind(undone)}`;
  run.close(outcome, message);
  await announcements.delivered();
  return thrownFailure(run, failure, message);
}

/** Without a plan the run has made no resource. It sends one message, that of its failure. */
export async function failUnplanned(run: ImageRun, failure: unknown): Promise<unknown> {
  run.operator.close();
  const reason = failureReason(failure);
  const outcome = isCancelled(failure) ? 'cancelled' : 'failed';
  run.failStep();
  const announcements = new Announcements((unsent) => run.addUnsent(unsent));
  const subject = unplannedRun(run, run.input.request);
  announcements.add(runAnnouncement(subject, outcome, { regions: [], reason }));
  run.close(outcome, reason);
  await announcements.delivered();
  return thrownFailure(run, failure, reason);
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
