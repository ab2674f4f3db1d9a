/** A publication's status as text: complete for `status`, a few moving lines for `--watch`. */

import type { PendingActivity } from '../../client/pending-activities.js';
import type {
  ComposeStatus,
  ImageStatus,
  Outcome,
  PublicationStatus,
} from '../../client/status.js';
import type {
  RegionProgress,
  RegionState,
  StepState,
  TestTransport,
} from '../../model/progress/progress.js';
import { STEPS } from '../../model/progress/progress.js';
import { untestedText } from '../../model/plan/untested.js';
import { idOf } from '../shared/again.js';
import { actLines, completeLines, holdLines } from './operator-view.js';
import { failureLines, unsentLines, unsentReasons } from './failure-view.js';
import { formatColumns, formatElapsed, formatTime, printableData } from './format.js';
import {
  attemptText,
  countRegions,
  currentStep,
  stepText,
  type TransferRates,
} from './step-text.js';
import type { Paint, Style } from './terminal.js';

export interface ViewOptions {
  readonly paint: Paint;
  readonly nowMs: number;
  readonly rates: TransferRates;
}

const OUTCOME_STYLE: Record<Outcome, Style> = {
  running: 'cyan',
  published: 'green',
  'already-published': 'green',
  'partly-published': 'yellow',
  ended: 'yellow',
  failed: 'red',
  cancelled: 'yellow',
  terminated: 'red',
};

const STEP_GLYPH: Record<StepState, string> = {
  waiting: '.',
  running: '>',
  done: '+',
  failed: '!',
  skipped: '-',
};

/** The complete status, for `status`. */
export function statusLines(read: PublicationStatus, options: ViewOptions): string[] {
  const status = printableData(read);
  const images = status.kind === 'compose' ? status.images : [status];
  return [
    ...headLines(status, options),
    ...images.flatMap((image) => ['', ...imageLines(image, options)]),
    ...failureLines(status, options.paint),
  ];
}

/** Images that the configuration wants and the compose lacks. */
function absentLines(status: PublicationStatus): string[] {
  const absent = status.kind === 'compose' ? (status.progress?.absent ?? []) : [];
  return absent.map((what) => `${what} is not in the compose`);
}

/** The moving lines, for `--watch`. */
export function liveLines(read: PublicationStatus, options: ViewOptions): string[] {
  const status = printableData(read);
  const images = status.kind === 'compose' ? status.images : [status];
  const rows = images.map((image) => [
    `  ${image.arch ?? image.progress?.arch ?? ''}`,
    image.outcome === 'running' ? (currentStep(image) ?? 'start') : '',
    image.outcome === 'running'
      ? stepText(image, options.nowMs, options.rates)
      : options.paint(OUTCOME_STYLE[image.outcome], closedText(image)),
  ]);
  const retries = images.flatMap((image) => [
    ...retryLines(image, options),
    ...holdLines(image, options.paint),
  ]);
  const [head = ''] = headLines(status, options);
  return [head, ...formatColumns(rows), ...retries];
}

/** One image's end in a few words. */
export function closedText(image: ImageStatus): string {
  const { done, total } = countRegions(image);
  const regions = total === 0 ? '' : ` in ${done} of ${total} regions`;
  switch (image.outcome) {
    case 'published':
    case 'partly-published':
    case 'already-published':
      return `${image.outcome.replace('-', ' ')}${regions}${unsentText(image)}`;
    default:
      return [image.outcome, failureText(image)].filter((part) => part !== '').join(': ');
  }
}

function unsentText(image: ImageStatus): string {
  const { length } = unsentReasons(image);
  return length === 0 ? '' : `, ${length} ${length === 1 ? 'message' : 'messages'} not accepted`;
}

/** The failure without the image's name, which the line has already. */
function failureText({ failure, progress }: ImageStatus): string {
  const message = failure?.message ?? '';
  const name = `${progress?.image ?? ''}: `;
  return message.startsWith(name) ? message.slice(name.length) : message;
}

function headLines(status: PublicationStatus, { paint, nowMs }: ViewOptions): string[] {
  const end = status.closedAt === null ? nowMs : Date.parse(status.closedAt);
  const elapsed = formatElapsed(end - Date.parse(status.startedAt));
  const state = status.kind === 'compose' ? composeState(status) : status.outcome;
  const head = [paint('bold', idOf(status)), paint(OUTCOME_STYLE[status.outcome], state), elapsed];
  return [
    head.join('  '),
    `started ${formatTime(status.startedAt)} UTC`,
    ...(status.link === null ? [] : [status.link]),
    ...(status.note === null ? [] : [paint('yellow', status.note)]),
    ...(status.kind === 'compose' && status.reason !== null ? [status.reason] : []),
    ...absentLines(status),
  ];
}

function composeState({ outcome, progress }: ComposeStatus): string {
  if (outcome !== 'running' || progress === null) return outcome;
  return progress.state === 'waiting'
    ? `waiting for the compose (${progress.status})`
    : progress.state;
}

function imageLines(image: ImageStatus, options: ViewOptions): string[] {
  const { progress } = image;
  const { paint } = options;
  const name = progress?.image ?? image.image ?? image.workflowId;
  const lines = [`${paint('bold', name)}  ${paint(OUTCOME_STYLE[image.outcome], image.outcome)}`];
  if (image.note !== null) lines.push(`  ${paint('yellow', image.note)}`);
  if (progress === null) return lines;
  const steps = STEPS.map((step) => {
    const { state, startedAt, endedAt } = progress.steps[step];
    const took =
      startedAt !== undefined && endedAt !== undefined
        ? ` ${formatElapsed(Date.parse(endedAt) - Date.parse(startedAt))}`
        : '';
    return `${STEP_GLYPH[state]} ${step}${took}`;
  });
  lines.push(`  ${steps.join('   ')}`);
  if (image.outcome === 'running')
    lines.push(`  now: ${stepText(image, options.nowMs, options.rates)}`);
  lines.push(
    ...regionLines(image, progress.regions, paint),
    ...testLines(image),
    ...untestedLines(image, paint),
    ...unsentLines(image, paint),
    ...retryLines(image, options),
    ...actLines(image),
    ...holdLines(image, paint),
    ...completeLines(image, paint),
  );
  return lines;
}

/** A run that ended by itself has removed what it had not made public; where it could not, the region is failed. */
function stateText({ outcome }: ImageStatus, state: RegionState): string {
  const isUndone = outcome !== 'running' && outcome !== 'terminated';
  if (!isUndone || ['published', 'private', 'failed', 'left-out'].includes(state)) {
    return state;
  }
  return state === 'waiting' ? 'not begun' : 'removed';
}

function regionLines(
  image: ImageStatus,
  regions: readonly RegionProgress[],
  paint: Paint,
): string[] {
  const states = [...new Set(regions.map(({ state }) => state))];
  const rows = states.flatMap((state) => {
    const members = regions.filter((regionState) => regionState.state === state);
    const plain = members.filter(({ reason }) => reason === undefined);
    const explained = members.filter(({ reason }) => reason !== undefined);
    const label = paint(state === 'failed' ? 'red' : 'yellow', state);
    return [
      ...(plain.length > 0
        ? [[stateText(image, state), plain.map(({ region }) => region).join(' ')]]
        : []),
      ...explainedRows(explained, label),
    ];
  });
  return formatColumns(rows.map(([state = '', text = '']) => [`  ${state}`, text]));
}

/** Regions that fail together mostly have the same next step: print it once, below them. */
function explainedRows(regions: readonly RegionProgress[], label: string): string[][] {
  const steps = [...new Set(regions.map(({ next }) => next))];
  return steps.flatMap((step) => [
    ...regions
      .filter(({ next }) => next === step)
      .map(({ region, reason }) => [label, `${region}: ${reason ?? ''}`]),
    ...(step === undefined ? [] : [['', `next: ${step}`]]),
  ]);
}

function testLines({ progress }: ImageStatus): string[] {
  return (progress?.tests ?? []).map(
    ({ variant, ami, instanceId, exitStatus, seconds, ...over }) =>
      `  tested ${variant} (${ami} on ${instanceId})${transportText(over)}: exit status ${exitStatus} after ${formatElapsed(seconds * 1000)}`,
  );
}

/** ` over the console, because …`; a test without SSM is worth a reason. */
function transportText({ transport, transportReason }: TestTransport): string {
  if (transport === undefined) return '';
  const over = transport === 'console' ? ' over the console' : ' over SSM';
  return transportReason === undefined ? over : `${over}, because ${transportReason}`;
}

function untestedLines({ progress }: ImageStatus, paint: Paint): string[] {
  return (progress?.untested ?? []).map((one) => paint('yellow', `  ${untestedText(one)}`));
}

/** Activities that are tried again, with the reason. */
export function retryLines(image: ImageStatus, { paint, nowMs }: ViewOptions): string[] {
  return image.activities.filter(isRetried).flatMap((activity) => {
    const { lastFailure, nextAttemptAt } = activity;
    const wait = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - nowMs;
    const when = wait > 0 ? `, next try in ${formatElapsed(wait)}` : '';
    const why = lastFailure?.message ?? 'no answer';
    const next = lastFailure?.class === 'credentials' ? [`    next: ${lastFailure.next}`] : [];
    return [paint('yellow', `  ! ${attemptText(activity)}${when}: ${why}`), ...next];
  });
}

function isRetried({ attempt, lastFailure }: PendingActivity): boolean {
  return attempt > 1 && lastFailure !== null;
}
