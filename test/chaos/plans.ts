/** Which schedules a campaign runs: drawn ones, or every point of one kind. */

import type { CallPoint, Fault } from './fault.js';
import { isRead, pointName } from './fault.js';
import type { Points, Scenario, Schedule } from './schedule.js';
import { drawSchedule } from './schedule.js';

export const MODES = ['runs', 'kill-points', 'cancels', 'terminates'] as const;
export type Mode = (typeof MODES)[number];

/** The scenarios that a mode must have measured. */
export const SCENARIOS_OF: Readonly<Record<Mode, readonly Scenario[]>> = {
  runs: ['pass', 'test-fails'],
  'kill-points': ['wide', 'test-fails'],
  cancels: ['pass', 'test-fails'],
  terminates: ['pass', 'test-fails'],
};

/** How often a command is sent depends on how long the program on the instance takes; so many come in every run. */
const COMMANDS_ALWAYS = 3;

export interface Planned {
  /** Its number in the campaign: with the seed, the name of the run. */
  readonly number: number;
  readonly schedule: Schedule;
}

export function plan(
  mode: Mode,
  draw: { readonly seed: number; readonly runs: number; readonly points: Points },
): Planned[] {
  const { seed, runs, points } = draw;
  if (mode === 'runs') {
    return Array.from({ length: runs }, (_none, index) => ({
      number: index + 1,
      schedule: drawSchedule({ seed, run: index + 1, points }),
    }));
  }
  const schedules = SCENARIOS_OF[mode].flatMap((scenario) =>
    single(mode, steadyPoints(points[scenario] ?? [])).map((fault) => ({
      scenario,
      faults: [fault],
    })),
  );
  return schedules.map((schedule, index) => ({ number: index + 1, schedule }));
}

function single(mode: Exclude<Mode, 'runs'>, points: readonly CallPoint[]): Fault[] {
  const changing = points.filter(({ action }) => !isRead(action));
  if (mode === 'kill-points') {
    const kinds = ['kill-before', 'kill-effect', 'kill-answer'] as const;
    return changing.flatMap((at) => kinds.map((kind) => ({ kind, at })));
  }
  const kind = mode === 'cancels' ? 'cancel' : 'terminate';
  // Each call that changes something, and the first read of each kind: every step has both.
  const reads = points.filter(({ action, occurrence }) => isRead(action) && occurrence === 1);
  return [...changing, ...reads].map((at) => ({ kind, at }));
}

/** Each point once, without those that come only in a slow run. */
export function steadyPoints(points: readonly CallPoint[]): CallPoint[] {
  const known = new Map(points.map((point) => [pointName(point), point]));
  return [...known.values()].filter(
    ({ action, occurrence }) => action !== 'SendCommand' || occurrence <= COMMANDS_ALWAYS,
  );
}
