/** Reads an image's progress from one of three sources: the workflow's query, its history, its result. */

import { QueryNotRegisteredError, QueryRejectedError } from '@temporalio/client';
import type { ImagePlan } from '../model/plan/plan.js';
import type {
  ImageProgress,
  ImageResult,
  RegionProgress,
  Step,
  StepProgress,
} from '../model/progress/progress.js';
import { STEPS, waitingSteps } from '../model/progress/progress.js';
import type { TemporalAccess } from './connection.js';
import { ClientError, grpcCodeOf } from './errors.js';
import { readImageHistory } from './image-history.js';
import { stepSeconds } from '../model/plan/estimate.js';
import { regionOfPlan, stepsOf } from './history-steps.js';
import { pastActivities } from './past-activities.js';
import { noWorkerWarning } from './pollers.js';
import type { RunRef } from './session.js';

export interface Asked<P> {
  readonly progress: P | undefined;
  /** Why there is no progress. */
  readonly note: string | null;
}

/** A worker answers within milliseconds; after a restart within two seconds. */
const QUERY_TIMEOUT_MS = 3_000;
const FROM_HISTORY = 'this is from the history';

/** Queries the workflow; without a worker it returns a note instead of the progress. */
export async function askProgress<P>(
  access: TemporalAccess,
  query: 'imageProgress' | 'composeProgress',
  run: RunRef,
): Promise<Asked<P>> {
  const { workflowId, runId } = run;
  try {
    const progress = await access.call(
      (client) => client.workflow.getHandle(workflowId, runId).query<P>(query),
      QUERY_TIMEOUT_MS,
    );
    return { progress, note: null };
  } catch (error) {
    if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) {
      return { progress: undefined, note: `the worker does not answer: ${error.message}` };
    }
    if (isUnanswered(error)) return { progress: undefined, note: await whyUnanswered(access, run) };
    throw error;
  }
}

async function whyUnanswered(
  access: TemporalAccess,
  { workflowId, runId }: RunRef,
): Promise<string> {
  const { taskQueue } = await access.call((client) =>
    client.workflow.getHandle(workflowId, runId).describe(),
  );
  const noWorker = await noWorkerWarning(access, taskQueue);
  return `${noWorker ?? 'no worker answers; look at its log'}; ${FROM_HISTORY}`;
}

/** Without pollers the server answers failed precondition, or lets the deadline pass (cancelled). */
function isUnanswered(error: unknown): boolean {
  const CANCELLED = 1;
  const DEADLINE_EXCEEDED = 4;
  const FAILED_PRECONDITION = 9;
  const code = grpcCodeOf(error instanceof ClientError ? error.cause : error);
  return code === CANCELLED || code === DEADLINE_EXCEEDED || code === FAILED_PRECONDITION;
}

/** From the request, the plan and the activities. The plan of an image that completes an earlier one has skipped steps. */
export async function progressFromHistory(
  access: TemporalAccess,
  run: RunRef,
): Promise<ImageProgress | null> {
  const [{ request, plan }, past] = await Promise.all([
    readImageHistory(access, run),
    pastActivities(access, run),
  ]);
  const regions = plan === undefined ? [] : [plan.home, ...plan.copies];
  return {
    workflowId: run.workflowId,
    composeId: request.composeId,
    image: request.image.name,
    arch: request.image.arch,
    outcome: 'running',
    steps: planned(stepsOf(past), plan),
    regions: regions.map((regionPlan) => ({
      ...regionOfPlan(regionPlan, past),
      required: regionPlan.required,
    })),
    tests: [],
    ...(plan === undefined
      ? {}
      : { homeRegion: plan.homeRegion, expectedSeconds: stepSeconds(plan) }),
  };
}

/** A plan in which the worker writes the snapshot itself has no utility instance. */
function planned(
  steps: Record<Step, StepProgress>,
  plan: ImagePlan | undefined,
): Record<Step, StepProgress> {
  return plan?.direct === undefined ? steps : { ...steps, utility: { state: 'skipped' } };
}

export async function progressFromResult(
  access: TemporalAccess,
  run: RunRef,
  result: ImageResult,
): Promise<ImageProgress> {
  const { request, plan } = await readImageHistory(access, run);
  const skipped = result.outcome === 'already-published';
  const steps = Object.fromEntries(
    STEPS.map((step) => [step, { state: skipped && step !== 'plan' ? 'skipped' : 'done' }]),
  );
  return {
    workflowId: run.workflowId,
    composeId: request.composeId,
    image: request.image.name,
    arch: request.image.arch,
    outcome: result.outcome,
    steps: planned({ ...waitingSteps(), ...steps }, plan),
    regions: regionsOf(result),
    tests: result.tests,
    ...(result.acts === undefined ? {} : { acts: result.acts }),
  };
}

function regionsOf(result: ImageResult): RegionProgress[] {
  const failed = new Map(result.failedRegions.map((one) => [one.region, one]));
  const names = new Set([...result.amis.map(({ region }) => region), ...failed.keys()]);
  return [...names].map((regionName): RegionProgress => {
    const made = result.amis.filter((ami) => ami.region === regionName && ami.ami !== null);
    const amis = made.map((record) => ({
      regionName,
      variant: { virt: record.virt, volumeType: record.volumeType },
      name: record.name,
      ami: record.ami ?? '',
      snapshot: record.snapshot ?? '',
    }));
    const failure = failed.get(regionName);
    if (failure !== undefined) return { ...failure, state: 'failed', amis };
    return {
      region: regionName,
      state: made.every((ami) => ami.public) ? 'published' : 'private',
      amis,
    };
  });
}
