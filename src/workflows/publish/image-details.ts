/** The Markdown that the Temporal UI shows above a publication's history. */

import type {
  ImageOverview,
  RegionOverview,
  RegionOverviewState,
  StepOverview,
} from '../../model/status/overview.js';
import { untestedText } from '../../model/plan/untested.js';
import type { StepState } from '../../model/progress/progress.js';

const STEP_GLYPH: Record<StepState, string> = {
  waiting: '·',
  running: '▶',
  done: '✔',
  failed: '✘',
  skipped: '–',
};

/** What needs a look comes first. */
const REGION_ORDER: readonly RegionOverviewState[] = [
  'waiting-for-operator',
  'failed',
  'left-out',
  'removed',
  'not-begun',
  'waiting',
  'copying',
  'copied',
  'publishing',
  'published',
  'private',
];

export function imageDetails(image: ImageOverview): string {
  const { failure, hold, patience, next } = image;
  const state = image.isCancelling ? 'being cancelled' : image.outcome;
  return [
    `**${image.image}** · ${image.arch ?? ''} · ${state}`,
    '',
    image.steps.map(stepText).join('  '),
    ...(hold === null ? [] : ['', `**${holdText(hold)}**`]),
    ...(patience === null ? [] : ['', `**${patienceText(patience)}**`]),
    ...image.untested.flatMap((one) => ['', untestedText(one)]),
    ...(failure === null ? [] : ['', `**${failure.message}**`]),
    ...(next.length === 0
      ? []
      : ['', ...next.map(({ what, command }) => `- ${what}: \`${command}\``)]),
    ...regionTable(image.regions),
  ].join('\n');
}

function stepText({ step, state, startedAt, endedAt }: StepOverview): string {
  const isTimed = startedAt !== null && endedAt !== null;
  const seconds = isTimed ? Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000) : 0;
  return `${STEP_GLYPH[state]} ${step}${isTimed ? ` ${seconds} s` : ''}`;
}

function regionTable(regions: readonly RegionOverview[]): string[] {
  const rows = REGION_ORDER.flatMap((state) => {
    const members = regions.filter((one) => one.state === state);
    if (members.length === 0) return [];
    const names = members.map(({ region, reason }) =>
      reason === null ? region : `${region} (${reason})`,
    );
    return [`| ${state.replaceAll('-', ' ')} | ${members.length} | ${names.join(', ')} |`];
  });
  return rows.length === 0 ? [] : ['', '| regions | | |', '|-|-|-|', ...rows];
}

function holdText({ for: awaited, before, since }: NonNullable<ImageOverview['hold']>): string {
  const what = awaited === 'approval' ? 'waits for its approval' : 'is paused';
  return `The image ${what} before the step ${before}, since ${since}.`;
}

function patienceText({ until, late, waiting }: NonNullable<ImageOverview['patience']>): string {
  return `${waiting} regions are complete and wait for ${late.join(', ')} until ${until}.`;
}
