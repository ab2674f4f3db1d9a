/** How states look: a word, a symbol and a tone each, so that colour is never the only sign. */

import type { Step, StepState } from '../../model/progress/progress.js';
import type {
  ImageOverview,
  Outcome,
  Overview,
  RegionOverviewState,
} from '../../model/status/overview.js';
import type { Markup } from './markup.js';
import { markup } from './markup.js';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'idle';

export interface Word {
  readonly word: string;
  readonly symbol: string;
  readonly tone: Tone;
}

const word = (tone: Tone, symbol: string, text: string): Word => ({ word: text, symbol, tone });

export const REGION_WORDS: Readonly<Record<RegionOverviewState, Word>> = {
  waiting: word('idle', '·', 'waiting'),
  copying: word('busy', '▸', 'copying'),
  copied: word('busy', '◑', 'copied'),
  publishing: word('busy', '▴', 'publishing'),
  published: word('good', '✓', 'public'),
  private: word('good', '◆', 'private'),
  'waiting-for-operator': word('bad', '!', 'waits for an operator'),
  failed: word('bad', '✕', 'failed'),
  'left-out': word('warn', '–', 'left out'),
  removed: word('idle', '↺', 'removed'),
  'not-begun': word('idle', '·', 'not begun'),
};

export const STEP_WORDS: Readonly<Record<StepState, Word>> = {
  waiting: word('idle', '·', 'waiting'),
  running: word('busy', '▸', 'running'),
  done: word('good', '✓', 'done'),
  failed: word('bad', '✕', 'failed'),
  skipped: word('idle', '–', 'skipped'),
};

const OUTCOME_WORDS: Readonly<Record<Outcome, Word>> = {
  running: word('busy', '▸', 'running'),
  published: word('good', '✓', 'published'),
  'already-published': word('good', '✓', 'already published'),
  'partly-published': word('warn', '◐', 'partly published'),
  ended: word('idle', '–', 'ended'),
  failed: word('bad', '✕', 'failed'),
  cancelled: word('warn', '◌', 'cancelled'),
  terminated: word('bad', '✕', 'terminated'),
};

export function overviewWord(overview: Overview): Word {
  const known = OUTCOME_WORDS[overview.outcome];
  if (overview.outcome !== 'running') return known;
  if (overview.isCancelling) return word('warn', '◌', 'is being cancelled');
  if (overview.kind === 'image') return holdWord(overview) ?? known;
  const { state, pungi } = overview;
  if (state === 'waiting')
    return { ...known, word: `waits for the compose (${pungi ?? 'no status yet'})` };
  return state === null ? known : { ...known, word: state };
}

function holdWord({ hold }: ImageOverview): Word | undefined {
  if (hold === null) return undefined;
  return hold.for === 'approval'
    ? word('warn', '?', 'waits for approval')
    : word('warn', '‖', 'paused');
}

/** What each step does, for people who see it for the first time. */
export const STEP_HELP: Readonly<Record<Step, string>> = {
  plan: 'reads the AMI list and checks names, quotas and permissions',
  utility: 'launches the utility instance with a blank volume',
  write: 'downloads the image, writes it, reads it back, makes the snapshot',
  register: 'registers the variants in the home region',
  retire: 'ends the utility instance and launches the test instance',
  test: 'runs the test script on the test instance',
  copy: 'copies the snapshot to every other region and registers the AMIs there',
  publish: 'makes AMIs and snapshots public and verifies this',
};

/** A state as symbol and word. */
export function chip({ word: text, symbol, tone }: Word): Markup {
  return markup`<span class="chip ${tone}"><span aria-hidden="true">${symbol}</span> ${text}</span>`;
}
