/** A region that is not published: reported, undone, and what became public in it told all the same. */

import type { CancellationScope } from '@temporalio/workflow';
import { patched } from '@temporalio/workflow';
import { publishAnnouncements } from '../../model/progress/announcement.js';
import { isFinal } from '../../model/errors.js';
import { failureDetails, failureReason, isCancelled, serviceFailure } from '../failure-reason.js';
import type { RegionProgress } from '../../model/progress/progress.js';
import type { Publication } from './publication.js';
import type { Undone } from './undo-stack.js';

const LATE_NEXT =
  'See how the region is doing (AWS Health); if it is well and only slow, raise publish.region_patience.';

/** The region is reported and undone; the rest goes on. A cancelled run is undone as a whole. */
export function leaveOut(
  publication: Publication,
  what: {
    readonly regionName: string;
    readonly failure: unknown;
    /** The run's own scope: the scope of the copies is cancelled when they are late, too. */
    readonly whole: CancellationScope;
  },
): void {
  const { run } = publication;
  const { regionName, failure, whole } = what;
  if (whole.consideredCancelled) throw failure;
  const reason = isCancelled(failure) ? lateReason(failure) : failureReason(failure);
  const before = run.regionProgress(regionName);
  // Until EC2 has said which of them are public, none is told as such.
  run.setRegion(regionName, { state: 'failed', amis: [], reason, next: nextOf(failure) });
  // Beside the main path: a region that is too sick to be cleaned up holds up no other.
  publication.aside.push(undoAside(publication, regionName, { reason, before }));
}

/** What the last attempt ran into says more than that time is up. */
function lateReason(failure: unknown): string {
  const last = serviceFailure(failure);
  return `not complete within region_patience${last === undefined ? '' : `: ${last.message}`}`;
}

/** What would have been tried again was not refused, only late: its own next act is to wait. */
function nextOf(failure: unknown): string {
  const details = failureDetails(failure);
  return details !== undefined && isFinal(details.class) ? details.next : LATE_NEXT;
}

interface Failed {
  readonly reason: string;
  /** Where the region stood when it failed, and its AMIs. */
  readonly before: RegionProgress;
}

async function undoAside(
  publication: Publication,
  regionName: string,
  failed: Failed,
): Promise<void> {
  const { reason } = failed;
  const undone = await publication.undo?.unwindRegion(regionName);
  if (undone !== undefined) recordUndone(publication, undone, failed);
  const rest = undone === undefined ? '' : leftBehind([undone]);
  publication.run.setRegion(regionName, { reason: `${reason}${rest}` });
}

/** The record keeps only what became public before its region failed, and the world hears of both. */
export function recordUndone(
  { run, announcements }: Publication,
  undone: Undone,
  { reason, before }: Failed,
): void {
  const { regionName: region, steps, kept, unseen } = undone;
  if (!steps.includes('register') && !steps.includes('copy')) return;
  const all = before.amis;
  const amis = all.filter(({ ami }) => kept.includes(ami));
  const isTold = amis.length > 0 || unseen === true;
  const told = `${reason}${unseen === true ? leftBehind([undone]) : ''}`;
  run.setRegion(region, isTold ? { amis, state: 'failed', reason: told } : { amis });
  if (amis.length > 0 && patched('kept-amis-are-announced')) {
    announcements.add(...publishAnnouncements(run.plan, amis));
  }
  if (before.state !== 'publishing' || !everyChangeIsAnnounced()) return;
  // What nobody could look at may be public: nobody is told that it is not.
  if (unseen !== true || !patched('unseen-amis-are-not-denied')) {
    const lost = all.filter(({ ami }) => !kept.includes(ami));
    announcements.add(...publishAnnouncements(run.plan, lost, 'failed'));
  }
}

/** What an undo could not remove, as the end of a reason. */
export function leftBehind(regions: readonly Undone[]): string {
  const left = regions.flatMap((region) => region.left);
  const rest = left.length === 0 ? '' : `; left behind: ${left.join('; ')}`;
  const unseen = regions
    .filter((one) => one.unseen === true)
    .map(({ regionName: region }) => region);
  return unseen.length === 0
    ? rest
    : `${rest}; AMIs in ${unseen.join(', ')} may be public: look there`;
}

/** Older runs told of a publication only when it was completed. */
export function everyChangeIsAnnounced(): boolean {
  return patched('every-change-is-announced');
}
