/** The words of the fault matrix: its columns, its end states, and what a cell says. */

import type { FaultRule } from '../../src/simulator/index.js';
import type { CallSite, SitePattern } from './call-site.js';

/** What goes wrong, in the order of the matrix. */
export const COLUMNS = {
  LR: 'the answer is lost behind the effect',
  TH: 'throttled',
  '5X': 'an error or a reset before the effect',
  TO: 'no answer at all',
  EC: 'a new id is not found yet, a listing is stale',
  CP: 'capacity, limit, quota',
  DN: 'permission denied',
  K0: 'the worker dies before the effect',
  K1: 'the worker dies behind the effect',
  ZO: 'a paused worker wakes beside its retry',
  TS: 'Temporal is down or restarted',
  SA: 'the SSM agent is dead',
  IT: 'instance, volume, snapshot or AMI is removed underneath',
  RD: 'the region is dead for six hours',
  BR: 'the broker is dead',
  CN: 'cancelled',
  TM: 'terminated',
  DP: 'new code is deployed',
} as const;

export type Column = keyof typeof COLUMNS;

export const END_STATES = {
  D: 'the same result as without the fault',
  R: 'that region fails with its reason and leaves nothing; it can be completed later',
  F: 'failed: nothing public, nothing alive',
  X: 'cancelled, or being removed: nothing public, nothing alive',
  K: 'what is public stays, the rest is undone',
  S: 'no code runs; the sweep ends it',
  A: 'an alarm; work goes on',
} as const;

export type EndState = keyof typeof END_STATES;

export interface ActivityCell {
  readonly level: 'activity';
  readonly end: EndState;
  /** The call that is hit in the quick suite; undefined: all calls of the region, or none. */
  readonly at: SitePattern | undefined;
  /** In place of the column's own rule, where the fault has another form here. */
  readonly rule?: Partial<FaultRule>;
  /** The published matrix has this end state instead; `note` says why the publisher differs. */
  readonly matrix?: EndState;
  readonly note?: string;
}

/** One fault at one place, with what a seed decides about it. */
export interface Fault {
  readonly row: number;
  readonly column: Column;
  readonly site: CallSite;
  readonly cell: ActivityCell;
  readonly seed: number;
}

/** What a single activity cannot show; `where` names the test that does. */
export interface RunCell {
  readonly level: 'run';
  readonly end: EndState;
  readonly where: string;
}

export interface NeverCell {
  readonly level: 'never';
  readonly why: string;
}

export type CellSpec = ActivityCell | RunCell | NeverCell;

export interface Row {
  readonly row: number;
  readonly step: string;
  /** The compiler asks for every column. */
  readonly cells: Readonly<Record<Column, CellSpec>>;
}

export function ends(
  end: EndState,
  at?: SitePattern,
  more: Omit<ActivityCell, 'level' | 'end' | 'at'> = {},
): ActivityCell {
  return { level: 'activity', end, at, ...more };
}

export function runLevel(end: EndState, where: string): RunCell {
  return { level: 'run', end, where };
}

export function never(why: string): NeverCell {
  return { level: 'never', why };
}
