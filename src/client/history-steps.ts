/** Steps and regions of an image as its history shows them: for a run whose worker does not answer. */

import type { RegisteredAmi, RegionPlan } from '../model/plan/plan.js';
import type { RegionProgress, Step, StepProgress } from '../model/progress/progress.js';
import { STEPS, waitingSteps } from '../model/progress/progress.js';
import { stepOf } from '../model/status/work.js';

/** One activity of the history. */
export interface PastActivity {
  readonly type: string;
  readonly scheduledAt: string;
  readonly region: string | undefined;
  readonly end: 'open' | 'completed' | 'failed';
  readonly endedAt: string | undefined;
  readonly result: unknown;
  readonly failure: string | undefined;
}

/** A step is done when a later one has begun; the last one that began still runs, also between two activities. */
export function stepsOf(past: readonly PastActivity[]): Record<Step, StepProgress> {
  const steps: Record<Step, StepProgress> = waitingSteps();
  const isUndoing = past.some(({ type, region }) => type === 'undoRegion' && isWhole(past, region));
  for (const step of STEPS) {
    const own = past.filter(({ type }) => stepOf(type) === step);
    const [first] = own;
    if (first === undefined) continue;
    const ends = own.map(({ endedAt }) => endedAt);
    const endedAt = ends.includes(undefined) ? undefined : ends.toSorted().at(-1);
    const startedAt = first.scheduledAt;
    const isLast = !past.some(({ type }) => isLater(stepOf(type), step));
    const isDone =
      !isLast || (endedAt !== undefined && own.every(({ end }) => end === 'completed'));
    const isFailed = isLast && isUndoing;
    steps[step] =
      isDone || isFailed
        ? { state: isFailed ? 'failed' : 'done', startedAt, ...(endedAt ? { endedAt } : {}) }
        : { state: 'running', startedAt };
  }
  return steps;
}

/** The undo of a whole run reaches the home region; that of a late region does not. */
function isWhole(past: readonly PastActivity[], region: string | undefined): boolean {
  const begins = ['launchUtilityInstance', 'writeDirect'];
  return past.some(({ type, region: home }) => begins.includes(type) && home === region);
}

function isLater(step: Step | null, than: Step): boolean {
  return step !== null && STEPS.indexOf(step) > STEPS.indexOf(than);
}

export function regionOfPlan(plan: RegionPlan, past: readonly PastActivity[]): RegionProgress {
  const { regionName: region, unusable } = plan;
  if (unusable !== undefined) return { region, state: 'left-out', amis: [], reason: unusable };
  let state: RegionProgress = { region, state: 'waiting', amis: [] };
  for (const act of past.filter((one) => one.region === region)) state = after(state, act);
  return state;
}

function after(before: RegionProgress, act: PastActivity): RegionProgress {
  const { region, startedAt = act.scheduledAt, amis } = before;
  const since = act.endedAt ?? act.scheduledAt;
  const base = { region, startedAt, since, amis };
  const isDone = act.end === 'completed';
  switch (act.type) {
    case 'registerImages':
      return isDone ? { ...base, state: 'copied', amis: amisOf(act) } : before;
    case 'copySnapshot':
      return act.end === 'failed' ? before : { ...base, state: 'copying' };
    case 'copyToRegion':
      if (act.end === 'failed') return failed(base, act);
      return isDone
        ? { ...base, state: 'copied', amis: amisOf(act) }
        : { ...base, state: 'copying' };
    case 'publishRegion':
      if (act.end === 'failed') return failed(base, act);
      return { ...base, state: isDone ? 'published' : 'publishing' };
    case 'keepRegion':
      return isDone ? { ...base, state: 'private' } : before;
    case 'undoRegion':
      return isDone && amis.length > 0 && before.state !== 'published'
        ? { ...base, state: 'failed', amis: [], reason: before.reason ?? 'the run has undone it' }
        : before;
    default:
      return before;
  }
}

function failed(base: Omit<RegionProgress, 'state'>, { failure }: PastActivity): RegionProgress {
  return { ...base, state: 'failed', ...(failure === undefined ? {} : { reason: failure }) };
}

function amisOf({ result }: PastActivity): readonly RegisteredAmi[] {
  return Array.isArray(result) ? (result as RegisteredAmi[]) : [];
}
