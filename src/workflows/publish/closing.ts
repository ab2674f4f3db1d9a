/** The ends of a publication: its record, or its failure with what was undone and what is left. */

import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  patched,
} from '@temporalio/workflow';
import { publishedEverywhere, uploadAnnouncements } from '../../model/progress/announcement.js';
import { EC2_SERVICE_EXCEPTION } from '../../model/errors.js';
import type { ImageResult } from '../../model/progress/progress.js';
import { settleAll } from '../../model/settle.js';
import { leftBehind, recordUndone } from './failed-region.js';
import { failureDetails, failureReason, isCancelled, serviceFailure } from '../failure-reason.js';
import { keepFailedTest } from './kept-failure.js';
import { tellLeftOut } from './left-out.js';
import type { Publication } from './publication.js';

export async function published(publication: Publication): Promise<ImageResult> {
  const { run, announcements } = publication;
  const missing = run
    .progress()
    .regions.some(({ state }) => state === 'failed' || state === 'left-out');
  const outcome = missing ? 'partly-published' : 'published';
  await tellLeftOut(publication, outcome);
  run.close(outcome);
  // The record says which messages nobody will get.
  await CancellationScope.nonCancellable(() => announcements.delivered());
  return run.result(outcome);
}

export function nothingToDo({ run }: Publication): ImageResult {
  for (const regionPlan of run.regionPlans) {
    const amis =
      run.plan.published?.filter((ami) => ami.regionName === regionPlan.regionName) ?? [];
    const isComplete = amis.length > 0 && amis.length >= regionPlan.wanted.length;
    const state = amis.every(({ isPrivate }) => isPrivate) ? 'private' : 'published';
    if (isComplete) run.setRegion(regionPlan.regionName, { state, amis });
    else if (regionPlan.unusable === undefined) {
      // Of a region whose quota ended midway some AMIs are public.
      run.setRegion(regionPlan.regionName, {
        state: 'failed',
        amis,
        reason: 'not published by the earlier run',
      });
    }
  }
  run.skipToEnd();
  const missing = run.progress().regions.some(({ state }) => state === 'failed');
  const outcome = missing ? 'partly-published' : 'already-published';
  run.close(outcome);
  return run.result(outcome);
}

/** Until the home region's AMIs are there, the upload is not completed. */
function isUploadFailed({ run }: Publication): boolean {
  if (run.source === undefined) return true;
  const { state } = run.regionProgress(run.plan.homeRegion);
  return state === 'waiting' && patched('failed-registration-is-told');
}

/** A release that was cancelled behind its home region is public all the same, and stays so. */
function tellOfRelease({ run, announcements, undo }: Publication): void {
  if (undo === undefined || run.regionProgress(run.plan.homeRegion).state !== 'published') return;
  if (patched('cancelled-release-is-told')) {
    announcements.add(...publishedEverywhere(run.plan, run.publicAmis()));
  }
}

/** Removes what is not public, then says why and what is left. */
export async function undone(publication: Publication, failure: unknown): Promise<unknown> {
  const { run, undo, announcements } = publication;
  const cancelled = isCancelled(failure);
  if (publication.undo !== undefined && isUploadFailed(publication)) {
    announcements.add(...uploadAnnouncements(run.plan, 'failed'));
  }
  const kept = await keepFailedTest(publication, failure);
  const reason = failureReason(failure);
  const regions = (await undo?.unwind()) ?? [];
  for (const region of regions) {
    const before = run.regionProgress(region.regionName);
    recordUndone(publication, region, { reason, before });
  }
  await CancellationScope.nonCancellable(() => settleAll(publication.aside));
  const rest = `${kept}${leftBehind(regions)}`;
  const outcome = cancelled ? 'cancelled' : 'failed';
  tellOfRelease(publication);
  await tellLeftOut(publication, outcome);
  run.close(outcome, `${reason}${rest}`);
  // What nobody will get is part of the failure's record.
  await CancellationScope.nonCancellable(() => announcements.delivered());
  if (cancelled) {
    if (isCancellation(failure)) return failure;
    return new CancelledFailure('cancelled', [], failure as Error);
  }
  return ApplicationFailure.create({
    type: serviceFailure(failure)?.type ?? EC2_SERVICE_EXCEPTION,
    message: `${run.input.request.image.name}: ${reason}${rest}`,
    nonRetryable: true,
    details: [failureDetails(failure) ?? null, run.progress()],
    ...(failure instanceof Error ? { cause: failure } : {}),
  });
}
