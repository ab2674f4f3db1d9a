/** One image as moving lines: its steps, bytes, waits, regions and troubles. */

import type {
  ImageOverview,
  RegionOverview,
  RegionOverviewState,
  StepOverview,
} from '../../model/status/overview.js';
import type { StepState } from '../../model/progress/progress.js';
import { fitted, gridLines, wrapped } from './fit.js';
import { formatClock, formatElapsed } from './format.js';
import type { Style } from './terminal.js';
import type { ViewOptions } from './view-options.js';
import type { TransferRates } from './work-text.js';
import {
  countRegions,
  patienceText,
  rateOf,
  transferText,
  troubleText,
  waitLines,
} from './work-text.js';

export interface ScreenOptions extends ViewOptions {
  readonly rates: TransferRates;
  readonly columns: number;
  readonly rows: number;
}

export const STEP_LOOK: Readonly<Record<StepState, readonly [string, Style]>> = {
  waiting: ['.', 'dim'],
  running: ['>', 'cyan'],
  done: ['+', 'green'],
  failed: ['!', 'red'],
  skipped: ['-', 'dim'],
};

/** A letter beside the colour: some people do not see the colours. */
const REGION_LOOK: Readonly<Record<RegionOverviewState, readonly [string, Style]>> = {
  waiting: ['.', 'dim'],
  copying: ['>', 'cyan'],
  copied: ['c', 'blue'],
  publishing: ['p', 'cyan'],
  published: ['P', 'green'],
  private: ['P', 'green'],
  'waiting-for-operator': ['?', 'yellow'],
  failed: ['!', 'red'],
  'left-out': ['-', 'yellow'],
  removed: ['x', 'yellow'],
  'not-begun': ['.', 'dim'],
};

/** The eight steps, with the time of those that began; in two lines where one is too narrow. */
export function stepLines(
  { steps }: ImageOverview,
  { paint, nowMs, columns }: ScreenOptions,
): string[] {
  const long = steps.map((step) => stepCell(step, nowMs, true));
  const short = steps.map((step) => stepCell(step, nowMs, false));
  const width = (cells: readonly string[]) => cells.reduce((sum, cell) => sum + cell.length + 2, 0);
  const cells = width(long) <= columns ? long : short;
  const painted = cells.map((cell, index) =>
    paint(STEP_LOOK[steps[index]?.state ?? 'waiting'][1], cell),
  );
  if (width(cells) <= columns) return [`  ${painted.join('  ')}`.trimEnd()];
  return gridLines(painted, columns, '  ');
}

function stepCell(
  { step, state, startedAt, endedAt }: StepOverview,
  nowMs: number,
  isLong: boolean,
): string {
  const name = `${STEP_LOOK[state][0]} ${step}`;
  if (startedAt === null || !isLong) return name;
  const endMs = endedAt === null ? nowMs : Date.parse(endedAt);
  return `${name} ${formatElapsed(endMs - Date.parse(startedAt))}`;
}

/** How long the running step has taken, and how long it takes: for the waits that report no progress. */
export function stepTime(image: ImageOverview, nowMs: number): string[] {
  const { steps, step, outcome } = image;
  const current = steps.find((one) => one.step === step);
  if (waitsForPerson(image)) return [];
  if (outcome !== 'running' || current?.state !== 'running' || current.startedAt === null)
    return [];
  const elapsed = formatClock((nowMs - Date.parse(current.startedAt)) / 1_000);
  const { expectedSeconds } = current;
  const bound =
    expectedSeconds === null || expectedSeconds === 0
      ? ''
      : ` of about ${formatClock(expectedSeconds)}`;
  return [`${current.step}  ${elapsed}${bound}`];
}

const UNDER_WAY: readonly RegionOverviewState[] = ['copying', 'publishing'];

/** Whether only the operator can let it go on: then its own time says nothing. */
function waitsForPerson({ hold, regions, waits, transfer }: ImageOverview): boolean {
  if (waits.length > 0 || transfer !== null) return false;
  if (hold !== null) return true;
  const isHeld = regions.some(({ state }) => state === 'waiting-for-operator');
  return isHeld && !regions.some(({ state }) => UNDER_WAY.includes(state));
}

/** What happens now: the bytes, else the waits, else the step's time. */
export function nowLines(image: ImageOverview, options: ScreenOptions): string[] {
  const { nowMs, rates, columns } = options;
  const { transfer, waits } = image;
  const barCells = columns >= 120 ? 40 : columns >= 80 ? 20 : 10;
  const moved =
    transfer === null
      ? []
      : [transferText(transfer, rateOf(image, transfer, nowMs, rates), { nowMs, barCells })];
  const waited = waitLines(waits, nowMs);
  const parts = [...stepTime(image, nowMs), ...moved.flatMap((line) => split(line, columns - 2))];
  return [...parts, ...waited.flatMap((line) => wrapped(line, columns - 2, '  '))].map(
    (line) => `  ${line}`,
  );
}

/** A narrow terminal shows the bar in one line, and the bytes with rate and time left below it. */
function split(line: string, width: number): string[] {
  const [bar = '', share = '', ...rest] = line.split('  ');
  return line.length <= width || rest.length === 0 ? [line] : [`${bar}  ${share}`, rest.join('  ')];
}

/** What needs a look, with the commands; a command is never cut. */
export function troubleLines(
  image: ImageOverview,
  { paint, nowMs, columns }: ScreenOptions,
): string[] {
  const { troubles, hold, regions, next, unsent, reason, isCancelling } = image;
  const held = regions.filter(({ state }) => state === 'waiting-for-operator');
  const failed = regions.filter(({ state }) => state === 'failed');
  const lines = [
    ...(isCancelling ? [reason ?? ''] : []),
    ...troubles.map((one) => troubleText(one, nowMs)),
    ...troubles.flatMap((one) => (one.next === null ? [] : [`next: ${one.next}`])),
    ...[...held, ...failed].map(regionTrouble),
    ...(hold === null ? [] : [holdText(hold, nowMs)]),
    ...patienceText(image),
    ...(unsent.length === 0 ? [] : [`the broker did not accept ${unsent.length} messages`]),
    ...next.map(({ what, command }) => `${what}: ${command}`),
  ];
  return lines.flatMap((line) =>
    wrapped(`  ! ${line}`, columns, '    ').map((part) => paint('yellow', part)),
  );
}

function holdText(
  { for: awaited, before, since }: NonNullable<ImageOverview['hold']>,
  nowMs: number,
): string {
  const what = awaited === 'approval' ? 'waits for approval' : 'paused';
  const elapsed = formatElapsed(nowMs - Date.parse(since));
  return `${what} before the step ${before} for ${elapsed}`;
}

function regionTrouble({ region, state, reason, dueAt }: RegionOverview): string {
  const until = dueAt === null ? '' : ` until ${dueAt.slice(11, 16)} UTC`;
  const what = state === 'failed' ? 'left out' : `waits for you${until}`;
  return `${region} ${what}: ${reason ?? 'unknown'}`;
}

/** `12/17 regions`, and a cell for each region: a letter, its name, and the share that AWS reports. */
export function regionGrid(image: ImageOverview, { paint, columns }: ScreenOptions): string[] {
  const { regions } = image;
  if (regions.length === 0 || regions.every(({ state }) => state === 'waiting')) return [];
  const { done, failed, total } = countRegions(image);
  const head = `  ${done}/${total} regions${failed === 0 ? '' : `, ${failed} failed`}`;
  const cells = regions.map(({ region, state, percent }) => {
    const [letter, style] = REGION_LOOK[state];
    const share = percent === null || state !== 'copying' ? '' : ` ${percent}%`;
    return paint(style, `${letter} ${region}${share}`);
  });
  return [head, ...gridLines(cells, columns, '  '), ...legend(regions, columns)];
}

const MEANING: Readonly<Record<string, string>> = {
  '.': 'not begun',
  '>': 'copying',
  c: 'copied',
  p: 'being made public',
  P: 'complete',
  '?': 'waits for you',
  '!': 'failed',
  '-': 'left out',
  x: 'removed',
};

/** Only the letters that are on the screen. */
function legend(regions: readonly RegionOverview[], columns: number): string[] {
  const letters = [...new Set(regions.map(({ state }) => REGION_LOOK[state][0]))];
  const text = letters.map((letter) => `${letter} ${MEANING[letter] ?? ''}`).join('   ');
  return [fitted(`  (${text})`, columns)];
}
