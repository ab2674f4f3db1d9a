/** A region that is not published: reported, undone, and what became public in it told all the same. */

import type { CancellationScope } from '@temporalio/workflow';
import { patched } from '@temporalio/workflow';
import { publishAnnouncements } from '../model/announcement.js';
import { failureReason, isCancelled, serviceFailure } from './failure-reason.js';
import type { Publication } from './publication.js';
import type { Undone } from './undo-stack.js';

/** The region is reported and undone; the rest goes on. A cancelled run is undone as a whole. */
export function leaveOut(
  publication: Publication,
  what: {
    readonly region: string;
    readonly failure: unknown;
    /** The run's own scope: the scope of the copies is cancelled when they are late, too. */
    readonly whole: CancellationScope;
  },
): void {
  const { run } = publication;
  const { region, failure, whole } = what;
  if (whole.consideredCancelled) throw failure;
  const reason = isCancelled(failure) ? lateReason(failure) : failureReason(failure);
  run.region(region, { state: 'failed', reason });
  // Beside the main path: a region that is too sick to be cleaned up holds up no other.
  publication.aside.push(undoAside(publication, region, reason));
}

/** What the last attempt ran into says more than that time is up. */
function lateReason(failure: unknown): string {
  const last = serviceFailure(failure);
  return `not complete within region_patience${last === undefined ? '' : `: ${last.message}`}`;
}

async function undoAside(publication: Publication, region: string, reason: string): Promise<void> {
  const undone = await publication.undo?.unwindRegion(region);
  if (undone !== undefined) recordUndone(publication, undone, reason);
  const left = undone?.left ?? [];
  const rest = left.length === 0 ? '' : `; left behind: ${left.join('; ')}`;
  publication.run.region(region, { reason: `${reason}${rest}` });
}

/** The record keeps only what became public before its region failed, and the world hears of that. */
export function recordUndone(
  { run, announcements }: Publication,
  { region, steps, kept }: Undone,
  reason: string,
): void {
  if (!steps.includes('register') && !steps.includes('copy')) return;
  const amis = run.regionProgress(region).amis.filter(({ ami }) => kept.includes(ami));
  run.region(region, amis.length === 0 ? { amis } : { amis, state: 'failed', reason });
  if (amis.length > 0 && patched('kept-amis-are-announced')) {
    announcements.add(...publishAnnouncements(run.plan, amis));
  }
}
