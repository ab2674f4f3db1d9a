/** The overview of one image, from what was read of its run. */

import type { ImageRequest } from '../plan/plan.js';
import type { ImageProgress, ImageResult, RegionProgress } from '../progress/progress.js';
import { STEPS, waitingSteps } from '../progress/progress.js';
import type { Arch } from '../ids/variant.js';
import { ARCHES } from '../compose/compose.js';
import { passedVariants } from '../catalogue/ami-records.js';
import { attentionOf } from './attention.js';
import { idOf, isByHand } from './commands.js';
import type { FailureReport } from './failure-report.js';
import { imageActs, workerAct } from './next-acts.js';
import type { ImageOverview, Outcome, Patience, RegionOverview, StepOverview } from './overview.js';
import { plainReason } from './plain-reason.js';
import { regionOverview } from './region-overview.js';
import type { Work } from './work.js';
import { transferOf, troublesOf, waitsOf } from './work.js';

/** What was read of a run; a compose's and an image's have this. */
export interface ReadRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly compose: string | null;
  readonly image: string | null;
  readonly arch: string | null;
  readonly outcome: Outcome;
  readonly failure: FailureReport | null;
  readonly note: string | null;
  readonly link: string | null;
  readonly activities: readonly Work[];
  readonly isCancelling?: boolean;
}

export interface ReadImage extends ReadRun {
  readonly kind: 'image';
  readonly progress: ImageProgress | null;
  readonly result: ImageResult | null;
  readonly request: ImageRequest | null;
}

export function imageOverview(read: ReadImage): ImageOverview {
  const { progress, outcome, activities, request } = read;
  const isRunning = outcome === 'running';
  const work = isRunning ? activities : [];
  const regions = regionsOf(read);
  const steps = stepsOf(progress);
  const hold = isRunning ? (progress?.hold ?? null) : null;
  const patience = isRunning ? patienceOf(progress, regions) : null;
  const isCancelling = isRunning && read.isCancelling === true;
  const compose = read.compose ?? progress?.composeId ?? null;
  const { workflowId, note, failure } = read;
  const facts = { kind: 'image', workflowId, outcome, isCancelling, hold, regions } as const;
  const troubles = troublesOf(work);
  const judged = attentionOf({ ...facts, note, failure, troubles });
  const image = read.image ?? progress?.image ?? workflowId;
  return {
    ...facts,
    runId: read.runId,
    id: idOf(facts),
    compose,
    release: request?.release ?? releaseOf(compose),
    image,
    arch: archOf(read.arch ?? progress?.arch),
    isByHand: isByHand(facts),
    startedAt: read.startedAt,
    closedAt: read.closedAt,
    ...judged,
    next: [
      ...(judged.attention === 'no-worker' ? [workerAct()] : []),
      ...imageActs({ ...facts, patience, request, failure, compose }),
    ],
    failure: failure === null ? null : { ...failure, message: plainReason(failure.message) },
    note,
    link: read.link,
    homeRegion: progress?.homeRegion ?? null,
    step: currentStepOf(steps),
    expectedSeconds: sumOf(steps),
    steps,
    transfer: transferOf(work),
    waits: waitsOf(work, progress?.regions ?? [], progress?.expectedSeconds ?? {}),
    troubles,
    patience,
    tests: progress?.tests ?? [],
    untested: progress?.untested ?? [],
    acts: progress?.acts ?? [],
    unsent: read.result?.unsent ?? progress?.unsent ?? [],
  };
}

function regionsOf({ progress, outcome, activities }: ReadImage): RegionOverview[] {
  const facts = {
    outcome,
    homeRegion: progress?.homeRegion ?? null,
    copiesDueAt: progress?.copiesDueAt ?? null,
    tested: passedVariants(progress?.tests ?? []),
    work: activities,
  };
  return (progress?.regions ?? []).map((one: RegionProgress) => regionOverview(one, facts));
}

function stepsOf(progress: ImageProgress | null): StepOverview[] {
  const states = progress?.steps ?? waitingSteps();
  return STEPS.map((step) => ({
    step,
    state: states[step].state,
    startedAt: states[step].startedAt ?? null,
    endedAt: states[step].endedAt ?? null,
    expectedSeconds: progress?.expectedSeconds?.[step] ?? null,
  }));
}

/** The step under way, else the last one that began. */
function currentStepOf(steps: readonly StepOverview[]): ImageOverview['step'] {
  const open = steps.filter(({ state }) => state === 'running' || state === 'failed').at(-1);
  return (open ?? steps.filter(({ state }) => state === 'done').at(-1))?.step ?? null;
}

function sumOf(steps: readonly StepOverview[]): number | null {
  if (steps.every(({ expectedSeconds }) => expectedSeconds === null)) return null;
  return steps.reduce((sum, { expectedSeconds }) => sum + (expectedSeconds ?? 0), 0);
}

/** The gate: complete regions become public only when the late ones are complete or left out. */
function patienceOf(
  progress: ImageProgress | null,
  regions: readonly RegionOverview[],
): Patience | null {
  const until = progress?.copiesDueAt;
  if (until === undefined) return null;
  const late = regions.filter(({ state }) => state === 'copying').map(({ region }) => region);
  const waiting = regions.filter(({ state }) => state === 'copied').length;
  return late.length === 0 ? null : { until, late, waiting };
}

function archOf(arch: string | null | undefined): Arch | null {
  return ARCHES.find((one) => one === arch) ?? null;
}

/** `43` of `Fedora-Cloud-43-20251021.0`; null for an id of another form. */
export function releaseOf(compose: string | null): string | null {
  return /-(\d+|Rawhide|ELN|eln)-\d{8}(?:\.\w+)*$/.exec(compose ?? '')?.[1] ?? null;
}
