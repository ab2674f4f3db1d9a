/** I17: what an operator does by hand holds: skip, pause, approval and retry, as the history has accepted them. */

import { allowanceOf } from '../allowance.js';
import type { Evidence, HandEvent } from '../evidence.js';
import { HOME, settingsOf } from '../scenario.js';
import { ownOf } from './leftovers.js';

/** The place of an activity among the steps; one that several steps use has none. */
const STEP: Readonly<Record<string, number>> = {
  launchUtilityInstance: 2,
  writeImage: 3,
  writeDirect: 3,
  snapshotVolume: 3,
  registerImages: 4,
  runTest: 6,
  copyToRegion: 7,
  publishRegion: 8,
};

/** A region that was skipped, and not retried since, has nothing of this run when it has closed by itself. */
export function skip(evidence: Evidence): string[] {
  const { status, listing, history, allowance } = evidence;
  if (status !== 'COMPLETED' || allowance.leaves) return [];
  const skipped = new Set<string>();
  for (const event of history.hands) {
    if (!('act' in event)) continue;
    for (const region of event.regions) {
      if (event.act === 'skipRegions') skipped.add(region);
      if (event.act === 'retryRegions') skipped.delete(region);
    }
  }
  return ownOf(evidence, listing)
    .filter(({ region }) => skipped.has(region))
    .map(({ type, id, region }) => `${region} was skipped, and has the ${type} ${id}`);
}

/** Between the pause and the resume, no step begins that had not begun before. */
export function pause({ history: { hands } }: Evidence): string[] {
  let begun = 0;
  let isPaused = false;
  return hands.flatMap((event) => {
    if ('act' in event) {
      if (event.act === 'pause') isPaused = true;
      if (event.act === 'resume') isPaused = false;
      return [];
    }
    const step = STEP[event.activity] ?? 0;
    const isNew = step > begun;
    begun = Math.max(begun, step);
    return isPaused && isNew ? [`${event.activity} began while the run was paused`] : [];
  });
}

/** In a scenario that wants an approval before the publication, each publication comes after it. */
export function approval({ schedule, history: { hands } }: Evidence): string[] {
  if (!settingsOf(schedule.scenario).waitsForOperator) return [];
  const approved = hands.findIndex((event) => 'act' in event && event.act === 'approve');
  return hands.flatMap((event, index) =>
    isActivity(event, 'publishRegion') && (approved < 0 || index < approved)
      ? [`${event.region ?? ''} was to be published before the approval`]
      : [],
  );
}

/** A region that is retried is copied again, and published at most as often as it was tried: the image is not made again. */
export function retry({ schedule, history: { hands } }: Evidence): string[] {
  const first = hands.findIndex((event) => 'act' in event && event.act === 'retryRegions');
  // Lost machines are replaced whatever the operator does.
  if (first < 0 || allowanceOf(schedule).failed || schedule.faults.some(isLoss)) return [];
  const again = ['launchUtilityInstance', 'writeImage', 'writeDirect', 'snapshotVolume', 'runTest'];
  const behind = hands.slice(first);
  const copied = hands.findIndex((event) => isActivity(event, 'copyToRegion'));
  if (copied < 0 || copied > first) return [];
  return behind.flatMap((event) =>
    'activity' in event && again.includes(event.activity)
      ? [`${event.activity} in ${event.region ?? HOME} after a retry of another region`]
      : [],
  );
}

function isLoss({ kind }: { readonly kind: string }): boolean {
  return kind === 'agent-death' || kind === 'instance-loss';
}

function isActivity(
  event: HandEvent,
  name: string,
): event is HandEvent & { readonly activity: string; readonly region: string | undefined } {
  return 'activity' in event && event.activity === name;
}
