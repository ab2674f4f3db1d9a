/** The moving screen of `--watch`: fits the width and the height of the terminal. */

import type {
  ComposeOverview,
  ImageOverview,
  Outcome,
  Overview,
} from '../../model/status/overview.js';
import { fitted, visibleWidth, wrapped } from './fit.js';
import { formatElapsed, printableData } from './format.js';
import type { ScreenOptions } from './image-screen.js';
import { nowLines, regionGrid, stepLines, troubleLines } from './image-screen.js';
import { OUTCOME_STYLE } from './outcome-style.js';
import { countRegions } from './work-text.js';

export interface Frame {
  readonly overview: Overview;
  /** The newest messages, the last one at the end. */
  readonly messages: readonly string[];
  /** Below all others. */
  readonly hint?: string | undefined;
  /** Why the overview may be old, such as an outage of Temporal. */
  readonly note?: string | undefined;
}

const MESSAGES_MAX = 5;
const ROWS_MIN = 8;

/** At most `rows - 1` lines; the messages go first, then the regions of the images that need no look. */
export function screenLines(frame: Frame, options: ScreenOptions): string[] {
  const overview = printableData(frame.overview);
  const rows = Math.max(ROWS_MIN, options.rows) - 1;
  const images = overview.kind === 'compose' ? overview.images : [overview];
  const hint = frame.hint === undefined ? [] : wrapped(frame.hint, options.columns, '  ');
  const foot = hint.map((line) => options.paint('dim', line));
  const head = headLines(overview, frame.note, options);
  const named = overview.kind === 'compose';
  const parts = images.map((image) => imageParts(image, named, options));
  const fixed = [...head, ...parts.flatMap(({ lines }) => lines), ...foot];
  const room = rows - fixed.length;
  const { grids, left } = chosenGrids(parts, room);
  const messages = messageLines(frame.messages, left, options);
  const body = parts.flatMap(({ lines }, index) => [...lines, ...(grids[index] ?? [])]);
  const lines = [...head, ...body, ...messages].slice(0, rows - foot.length);
  return [...lines, ...foot].map((line) => fitted(line, options.columns));
}

interface ImageParts {
  readonly lines: readonly string[];
  readonly grid: readonly string[];
  readonly isUrgent: boolean;
}

function imageParts(image: ImageOverview, named: boolean, options: ScreenOptions): ImageParts {
  const { paint } = options;
  const title = named || image.outcome !== 'running' ? [imageTitle(image, options)] : [];
  if (image.outcome !== 'running') {
    return { lines: [...title, ...troubleLines(image, options)], grid: [], isUrgent: false };
  }
  return {
    lines: [
      ...title,
      ...stepLines(image, options),
      ...nowLines(image, options),
      ...(image.note === null || !named
        ? []
        : wrapped(`  ${image.note}`, options.columns, '  ')
      ).map((line) => paint('yellow', line)),
      ...troubleLines(image, options),
    ],
    grid: regionGrid(image, options),
    isUrgent: image.attention !== null,
  };
}

/** Grids of images that need a look first, then the others, while there is room. */
function chosenGrids(
  parts: readonly ImageParts[],
  room: number,
): { readonly grids: readonly (readonly string[])[]; readonly left: number } {
  const order = [...parts.keys()].sort(
    (a, b) => Number(parts[b]?.isUrgent) - Number(parts[a]?.isUrgent) || a - b,
  );
  const grids: (readonly string[])[] = parts.map(() => []);
  let left = room;
  for (const index of order) {
    const grid = parts[index]?.grid ?? [];
    // Without room for all regions the count alone tells most.
    const shown = grid.length <= left ? grid : left > 0 ? grid.slice(0, 1) : [];
    grids[index] = shown;
    left -= shown.length;
  }
  return { grids, left };
}

function messageLines(
  messages: readonly string[],
  room: number,
  { paint }: ScreenOptions,
): string[] {
  const shown = messages.slice(-Math.max(0, Math.min(MESSAGES_MAX, room - 1)));
  return shown.length === 0 || room < 2 ? [] : ['', ...shown.map((line) => paint('dim', line))];
}

function headLines(overview: Overview, note: string | undefined, options: ScreenOptions): string[] {
  const { paint, nowMs, columns } = options;
  const endMs = overview.closedAt === null ? nowMs : Date.parse(overview.closedAt);
  const elapsed = formatElapsed(endMs - Date.parse(overview.startedAt));
  const expected = expectedOf(overview);
  const state = stateOf(overview);
  const times =
    expected === null ? elapsed : `${elapsed} of about ${formatElapsed(expected * 1_000)}`;
  const right = `${paint(OUTCOME_STYLE[overview.outcome], state)}  ${times}`;
  const id = paint('bold', overview.id);
  // The state is never cut.
  const isNarrow = visibleWidth(`${id}  ${right}`) > columns;
  const why = note ?? overview.note;
  return [
    ...(isNarrow ? [id, right] : [`${id}  ${right}`]),
    ...(overview.link === null ? [] : [paint('dim', overview.link)]),
    ...(why === null ? [] : wrapped(why, columns, '  ').map((line) => paint('yellow', line))),
  ];
}

/** One word for the whole. */
export function stateOf(overview: Overview): string {
  if (overview.outcome !== 'running') return overview.outcome.replace('-', ' ');
  if (overview.isCancelling) return 'being cancelled';
  if (overview.kind === 'image') return 'running';
  return composeState(overview);
}

function composeState({ state, pungi }: ComposeOverview): string {
  if (state === null) return 'running';
  return state === 'waiting' ? `waiting for the compose (${pungi ?? 'none'})` : state;
}

/** Images are published side by side: the slowest one counts. */
function expectedOf(overview: Overview): number | null {
  if (overview.outcome !== 'running') return null;
  const images = overview.kind === 'image' ? [overview] : overview.images;
  const seconds = images.flatMap(({ expectedSeconds }) => expectedSeconds ?? []);
  return seconds.length === 0 ? null : Math.max(...seconds);
}

function imageTitle(image: ImageOverview, { paint }: ScreenOptions): string {
  const { done, total } = countRegions(image);
  const regions = total === 0 ? '' : `  ${done}/${total} regions`;
  const state = paint(OUTCOME_STYLE[image.outcome], image.outcome.replace('-', ' '));
  const reason = isOver(image.outcome) && image.reason !== null ? `  ${image.reason}` : '';
  return `${paint('bold', image.image)}  ${state}${isOver(image.outcome) ? regions : ''}${reason}`;
}

function isOver(outcome: Outcome): boolean {
  return outcome !== 'running';
}
