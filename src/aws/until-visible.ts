/** Looks that are repeated because EC2 shows a new resource, a tag or a permission late (ec2-api: eventual-consistency). */

import type { RegionAccess } from './region-access.js';

/** Between two looks: a short wait asks four times within the visibility window, a long one every two seconds. */
const LOOK_MS_MAX = 2_000;

/** Between two rounds of removal, each of which makes many calls. */
const ROUND_MS_MAX = 5_000;

export interface UntilVisibleOptions {
  readonly signal: AbortSignal;
  /** False: what is looked for cannot exist yet unless EC2 lists it now, so one look is enough. */
  readonly mayExist?: boolean;
}

/** Looks until `look` finds something, at most for the visibility window; undefined when it found nothing. */
export async function untilVisible<T>(
  ec2: RegionAccess,
  look: () => Promise<T | undefined>,
  { signal, mayExist = true }: UntilVisibleOptions,
): Promise<T | undefined> {
  const { visibilityMs } = ec2.settings;
  const untilMs = ec2.clock.elapsed() + (mayExist ? visibilityMs : 0);
  for (;;) {
    const found = await look();
    if (found !== undefined || ec2.clock.elapsed() >= untilMs) return found;
    await ec2.clock.delay(Math.min(LOOK_MS_MAX, visibilityMs / 4), signal);
  }
}

export interface RoundsOptions {
  readonly signal: AbortSignal;
  /** Called after each round with the time since the first began. */
  readonly isOver: (elapsedMs: number) => boolean;
}

/** Repeats a round of removals until it is over: EC2 may list late what an unanswered call made. */
export async function repeatRounds(
  ec2: RegionAccess,
  round: () => Promise<unknown>,
  { signal, isOver }: RoundsOptions,
): Promise<void> {
  const { clock, settings } = ec2;
  const beganMs = clock.elapsed();
  for (;;) {
    await round();
    if (isOver(clock.elapsed() - beganMs)) return;
    await clock.delay(Math.min(ROUND_MS_MAX, settings.visibilityMs / 4), signal);
  }
}
