/** The Markdown that the Temporal UI shows above a publication's history. */

import type { ImageProgress, RegionState, StepState } from '../../model/progress/progress.js';
import { untestedText } from '../../model/plan/untested.js';
import type { Hold } from '../../model/progress/operator.js';
import { STEPS } from '../../model/progress/progress.js';

const STEP_GLYPH: Record<StepState, string> = {
  waiting: '·',
  running: '▶',
  done: '✔',
  failed: '✘',
  skipped: '–',
};

const REGION_ORDER: readonly RegionState[] = [
  'waiting-for-operator',
  'failed',
  'left-out',
  'waiting',
  'copying',
  'copied',
  'publishing',
  'published',
  'private',
];

export function imageDetails(progress: ImageProgress): string {
  const steps = STEPS.map((step) => `${STEP_GLYPH[progress.steps[step].state]} ${step}`).join('  ');
  const regions = REGION_ORDER.map((state) => ({
    state,
    members: progress.regions.filter((regionState) => regionState.state === state),
  })).filter(({ members }) => members.length > 0);
  const lines = regions.map(({ state, members }) => {
    const names = members.map(({ region, reason }) => (reason ? `${region} (${reason})` : region));
    return `| ${state} | ${members.length} | ${names.join(', ')} |`;
  });
  const table = lines.length === 0 ? [] : ['', '| regions | | |', '|-|-|-|', ...lines];
  const hold = progress.hold === undefined ? [] : ['', `**${holdText(progress.hold)}**`];
  const untested = (progress.untested ?? []).flatMap((one) => ['', untestedText(one)]);
  const failure = progress.failure === undefined ? [] : ['', `**${progress.failure}**`];
  return [
    `**${progress.image}** · ${progress.arch} · ${progress.outcome}`,
    '',
    steps,
    ...hold,
    ...untested,
    ...failure,
    ...table,
  ].join('\n');
}

function holdText({ for: awaited, before, since }: Hold): string {
  const what = awaited === 'approval' ? 'waits for its approval' : 'is paused';
  return `The image ${what} before the step ${before}, since ${since}.`;
}
