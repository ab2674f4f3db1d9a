/** Which schedules a campaign runs: drawn ones, or every point of one kind. */

import type { CallPoint, Fault } from './fault.js';
import { ACTS, isRead, pointName } from './fault.js';
import type { Scenario } from './scenario.js';
import type { Points, Schedule } from './schedule.js';
import { drawSchedule } from './schedule.js';

export const MODES = ['runs', 'kill-points', 'cancels', 'terminates', 'acts'] as const;
export type Mode = (typeof MODES)[number];

/** The scenarios that a mode must have measured. */
export const SCENARIOS_OF: Readonly<Record<Mode, readonly Scenario[]>> = {
  runs: ['pass', 'test-fails', 'held', 'direct', 'early', 'early-fails'],
  'kill-points': ['wide', 'test-fails', 'direct', 'early'],
  cancels: ['pass', 'test-fails'],
  terminates: ['pass', 'test-fails'],
  acts: ['held'],
};

/** How often a command is sent depends on how long the program on the instance takes; so many come in every run. Blocks are alike. */
const COMMANDS_ALWAYS = 3;
const ALIKE = ['SendCommand', 'PutSnapshotBlock'];

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
    drawn(mode, steadyPoints(points[scenario] ?? [])).map((faults) => ({ scenario, faults })),
  );
  return schedules.map((schedule, index) => ({ number: index + 1, schedule }));
}

function drawn(mode: Exclude<Mode, 'runs'>, points: readonly CallPoint[]): Fault[][] {
  return mode === 'acts' ? actsUnderKills(points) : single(mode, points).map((fault) => [fault]);
}

/** Each act of the operator at the first call of each kind that changes something, while the worker is killed there. */
function actsUnderKills(points: readonly CallPoint[]): Fault[][] {
  const boundaries = points.filter(({ action, occurrence }) => !isRead(action) && occurrence === 1);
  return boundaries.flatMap((at) =>
    ACTS.map((kind): Fault[] => {
      const act: Fault = kind === 'pause' ? { kind, at, forMs: PAUSE_MS } : { kind, at };
      // A retry needs a region that has failed.
      const cause: Fault[] = kind === 'retry' ? [{ kind: 'refusal', at }] : [];
      return [...cause, act, { kind: 'kill-answer', at }];
    }),
  );
}

const PAUSE_MS = 1_000;

function single(mode: Exclude<Mode, 'runs' | 'acts'>, points: readonly CallPoint[]): Fault[] {
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
    ({ action, occurrence }) => !ALIKE.includes(action) || occurrence <= COMMANDS_ALWAYS,
  );
}
