/** Where an image waits for a person, with the exact commands, and what operators did with it. */

import type { ImageStatus } from '../../client/status.js';
import type { OperatorAct } from '../../model/progress/operator.js';
import type { RegionProgress } from '../../model/progress/progress.js';
import { approveCommand, regionsCommand, resumeCommand } from '../shared/again.js';
import { formatTime } from './format.js';
import type { Paint } from './terminal.js';

/** The waits of an image; [] when it waits for no person. */
export function holdLines(image: ImageStatus, paint: Paint): string[] {
  const { progress, outcome } = image;
  if (progress === null || outcome !== 'running') return [];
  const { hold, regions, acts = [] } = progress;
  const held = regions.filter(({ state }) => state === 'waiting-for-operator');
  return [
    ...(hold === undefined ? [] : [stepHold(image, hold, acts)]),
    ...(held.length === 0 ? [] : regionHolds(image, held)),
  ].map((line) => paint('yellow', `  ${line}`));
}

function stepHold(
  image: ImageStatus,
  { for: awaited, before, since }: NonNullable<NonNullable<ImageStatus['progress']>['hold']>,
  acts: readonly OperatorAct[],
): string {
  const where = `before the step ${before}, since ${formatTime(since)} UTC`;
  if (awaited === 'approval') return `waits for approval ${where}: ${approveCommand(image)}`;
  const pause = acts.findLast(({ action }) => action === 'pause');
  const who = pause === undefined ? '' : ` by ${whoAndWhy(pause)}`;
  return `paused${who} ${where}: ${resumeCommand(image)}`;
}

function regionHolds(image: ImageStatus, held: readonly RegionProgress[]): string[] {
  const names = held.map(({ region }) => region);
  return [
    `try again:  ${regionsCommand('retry', image, names)}`,
    `leave out:  ${regionsCommand('skip', image, names)}`,
  ];
}

/** The command that adds the regions which a closed run left out. */
export function completeLines(image: ImageStatus, paint: Paint): string[] {
  if (image.outcome !== 'partly-published') return [];
  const regions = image.progress?.regions ?? [];
  const missing = regions.filter(({ state }) => state === 'failed' || state === 'left-out');
  if (missing.length === 0) return [];
  const names = missing.map(({ region }) => region);
  return [paint('yellow', `  complete it: ${regionsCommand('retry', image, names)}`)];
}

export function actLines({ progress }: ImageStatus): string[] {
  return (progress?.acts ?? []).map((act) => {
    const regions = act.regions === undefined ? '' : ` ${act.regions.join(' ')}`;
    return `  ${formatTime(act.at)} UTC  ${act.action}${regions} by ${whoAndWhy(act)}`;
  });
}

function whoAndWhy({ by, reason }: OperatorAct): string {
  return reason === undefined ? by : `${by} (${reason})`;
}
