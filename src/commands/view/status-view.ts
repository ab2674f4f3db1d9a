/** The complete status of a publication as text, for `status`. */

import type { ImageStatus, PublicationStatus } from '../../client/status.js';
import { imageOverview } from '../../model/status/image-overview.js';
import { overviewOf } from '../../model/status/compose-overview.js';
import type { ImageOverview, Overview, RegionOverview } from '../../model/status/overview.js';
import type { TestTransport } from '../../model/progress/test-record.js';
import { STEPS } from '../../model/progress/progress.js';
import { untestedText } from '../../model/plan/untested.js';
import { failureLines, unsentLines } from './failure-view.js';
import { formatColumns, formatElapsed, formatTime, printableData } from './format.js';
import { STEP_LOOK, stepTime } from './image-screen.js';
import { actLines, nextLines } from './operator-view.js';
import { OUTCOME_STYLE } from './outcome-style.js';
import { stateOf } from './screen.js';
import type { Paint } from './terminal.js';
import type { ViewOptions } from './view-options.js';
import { countRegions, patienceText, transferText, troubleText, waitLines } from './work-text.js';

export function statusLines(read: PublicationStatus, options: ViewOptions): string[] {
  const status = printableData(read);
  const overview = overviewOf(status);
  const images = status.kind === 'compose' ? status.images : [status];
  return [
    ...headLines(overview, options),
    ...(status.kind === 'compose' && status.reason !== null ? [status.reason] : []),
    // Images that the configuration wants and the compose lacks.
    ...(overview.kind === 'compose' ? overview.absent : []).map(
      (what) => `${what} is not in the compose`,
    ),
    ...images.flatMap((image) => ['', ...imageLines(image, options)]),
    ...failureLines(status, options.paint),
    ...(overview.kind === 'compose' ? composeNextLines(overview, options) : []),
  ];
}

/** What the images have is printed with them. */
function composeNextLines(overview: Overview, { paint }: ViewOptions): string[] {
  if (overview.kind !== 'compose' || overview.outcome === 'running') return [];
  const own = overview.next.filter(({ act }) => act === 'publish-again');
  return overview.outcome === 'published' ? [] : nextLines(own, paint);
}

function headLines(overview: Overview, { paint, nowMs }: ViewOptions): string[] {
  const end = overview.closedAt === null ? nowMs : Date.parse(overview.closedAt);
  const elapsed = formatElapsed(end - Date.parse(overview.startedAt));
  const state = overview.outcome === 'running' ? stateOf(overview) : overview.outcome;
  const head = [paint('bold', overview.id), paint(OUTCOME_STYLE[overview.outcome], state), elapsed];
  return [
    head.join('  '),
    `started ${formatTime(overview.startedAt)} UTC`,
    ...(overview.link === null ? [] : [overview.link]),
    ...(overview.note === null ? [] : [paint('yellow', overview.note)]),
  ];
}

function imageLines(status: ImageStatus, options: ViewOptions): string[] {
  const image = imageOverview(status);
  const { paint } = options;
  const state = image.isCancelling ? 'being cancelled' : image.outcome;
  const lines = [`${paint('bold', image.image)}  ${paint(OUTCOME_STYLE[image.outcome], state)}`];
  if (image.note !== null) lines.push(`  ${paint('yellow', image.note)}`);
  if (status.progress === null) return [...lines, ...nextLines(image.next, paint)];
  return [
    ...lines,
    `  ${stepsText(image)}`,
    ...(image.outcome === 'running' ? nowLines(image, options) : []),
    ...regionLines(image.regions, paint),
    ...testLines(image),
    ...untestedLines(status, paint),
    ...unsentLines(status, paint),
    ...troubleLines(image, options),
    ...actLines(image),
    ...holdLines(image, paint),
    ...nextLines(image.next, paint),
  ];
}

function stepsText({ steps }: ImageOverview): string {
  return STEPS.map((name) => {
    const step = steps.find((one) => one.step === name);
    const { state = 'waiting', startedAt = null, endedAt = null } = step ?? {};
    const isTimed = startedAt !== null && endedAt !== null;
    const took = isTimed ? ` ${formatElapsed(Date.parse(endedAt) - Date.parse(startedAt))}` : '';
    return `${STEP_LOOK[state][0]} ${name}${took}`;
  }).join('   ');
}

/** What happens now: the bytes, the waits for AWS, or the regions that are done. */
function nowLines(image: ImageOverview, { nowMs }: ViewOptions): string[] {
  const { transfer, waits, step } = image;
  const { done, total } = countRegions(image);
  const isCounted = (step === 'copy' || step === 'publish') && total > 0;
  const lines = [
    ...stepTime(image, nowMs),
    ...(isCounted ? [`${done}/${total} regions`] : []),
    ...(transfer === null ? [] : [transferText(transfer, undefined, { nowMs })]),
    ...waitLines(waits, nowMs),
  ];
  return lines.map((line, index) => (index === 0 ? `  now: ${line}` : `       ${line}`));
}

function regionLines(regions: readonly RegionOverview[], paint: Paint): string[] {
  const states = [...new Set(regions.map(({ state }) => state))];
  const rows = states.flatMap((state) => {
    const members = regions.filter((one) => one.state === state);
    const plain = members.filter(({ reason }) => reason === null);
    const explained = members.filter(({ reason }) => reason !== null);
    const label = paint(
      state === 'failed' ? 'red' : 'yellow',
      state.replace('not-begun', 'not begun'),
    );
    return [
      ...(plain.length > 0
        ? [[state.replace('not-begun', 'not begun'), plain.map(({ region }) => region).join(' ')]]
        : []),
      ...explainedRows(explained, label),
    ];
  });
  return formatColumns(rows.map(([state = '', text = '']) => [`  ${state}`, text]));
}

/** Regions that fail together mostly have the same next step: print it once, below them. */
function explainedRows(regions: readonly RegionOverview[], label: string): string[][] {
  const steps = [...new Set(regions.map(({ next }) => next))];
  return steps.flatMap((step) => [
    ...regions
      .filter(({ next }) => next === step)
      .map(({ region, reason }) => [label, `${region}: ${reason ?? ''}`]),
    ...(step === null ? [] : [['', `next: ${step}`]]),
  ]);
}

function testLines({ tests }: ImageOverview): string[] {
  return tests.map(
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
function troubleLines({ troubles }: ImageOverview, { paint, nowMs }: ViewOptions): string[] {
  return troubles.flatMap((trouble) => [
    paint('yellow', `  ! ${troubleText(trouble, nowMs)}`),
    ...(trouble.next === null ? [] : [`    next: ${trouble.next}`]),
  ]);
}

function holdLines(image: ImageOverview, paint: Paint): string[] {
  const { hold, acts, isCancelling, reason } = image;
  const pause = acts.findLast(({ action }) => action === 'pause');
  const who =
    pause === undefined
      ? ''
      : ` by ${pause.by}${pause.reason === undefined ? '' : ` (${pause.reason})`}`;
  const held =
    hold === null
      ? []
      : [
          `${hold.for === 'approval' ? 'waits for approval' : `paused${who}`} before the step ${hold.before}, since ${formatTime(hold.since)} UTC`,
        ];
  return [...(isCancelling ? [reason ?? ''] : []), ...held, ...patienceText(image)].map((line) =>
    paint('yellow', `  ${line}`),
  );
}
