/** The status of a compose or an image: its progress, what it waits for, and why it failed. */

import type { WorkflowExecutionStatusName } from '@temporalio/client';
import type {
  ComposeProgress,
  ComposeResult,
  ImageProgress,
  ImageResult,
} from '../model/progress/progress.js';
import { STEPS } from '../model/progress/progress.js';
import type { Outcome } from '../model/status/overview.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import type { ImageRequest } from '../model/plan/plan.js';
import { COMPOSE_WORKFLOW } from '../contract.js';
import { ClientError } from './errors.js';
import type { FailureReport } from './failure-report.js';
import { failureProgress, failureReport } from './failure-report.js';
import { failingTask } from './failing-task.js';
import { readLastMessage } from './compose-history.js';
import { imagesOfCompose } from './compose-images.js';
import { readImageHistory } from './image-history.js';
import type { PendingActivity } from './pending-activities.js';
import { pendingActivities } from './pending-activities.js';
import { ProgressMemory } from './progress-memory.js';
import type { Asked } from './progress-sources.js';
import { askProgress, progressFromHistory, progressFromResult } from './progress-sources.js';
import type { Publication } from './publications.js';
import { publicationOf } from './publications.js';
import { readEnd } from './run-end.js';
import type { Session } from './session.js';

export type { Outcome };

interface StatusBase extends Publication {
  readonly outcome: Outcome;
  readonly failure: FailureReport | null;
  readonly activities: readonly PendingActivity[];
  /** A cancellation was requested. */
  readonly isCancelling?: boolean;
  /** Why the progress may be old or missing: no worker answers. */
  readonly note: string | null;
}

export interface ImageStatus extends StatusBase {
  readonly kind: 'image';
  readonly progress: ImageProgress | null;
  readonly result: ImageResult | null;
  /** The request of a failed run, so that it can be made again. */
  readonly request: ImageRequest | null;
}

export interface ComposeStatus extends StatusBase {
  readonly kind: 'compose';
  readonly progress: ComposeProgress | null;
  readonly images: readonly ImageStatus[];
  /** Why a completed compose published no images. */
  readonly reason: string | null;
  /** The message of a failed compose, so that it can be sent again. */
  readonly message: ComposeMessage | null;
}

export type PublicationStatus = ImageStatus | ComposeStatus;

/** What a reader that reads again and again keeps between its readings. */
export interface StatusCache {
  /** Closed runs of images, by run id: they never change. */
  readonly closed: Map<string, ImageStatus>;
  readonly progress: ProgressMemory;
}

export function createStatusCache(): StatusCache {
  return { closed: new Map(), progress: new ProgressMemory() };
}

/** Of closed images; a reader may run for months. */
const CLOSED_MAX = 500;

/** Reads one run, and all images of a compose. Throws `ClientError`. */
export async function readStatus(
  session: Session,
  run: { readonly workflowId: string; readonly runId?: string | undefined },
  cache: StatusCache = createStatusCache(),
): Promise<PublicationStatus> {
  const description = await session.access.call((client) =>
    client.workflow.getHandle(run.workflowId, run.runId).describe(),
  );
  const publication = publicationOf(session, description);
  const known = cache.closed.get(publication.runId);
  if (known !== undefined) return known;
  const isCancelling = description.raw.workflowExtendedInfo?.cancelRequested === true;
  const described = {
    ...publication,
    activities: await pendingActivities(description.raw, session.access.payloads),
    ...(isCancelling ? { isCancelling } : {}),
  };
  const { historyLength } = description;
  const isOpen = publication.execution === 'RUNNING';
  const ask: Ask = (query) =>
    cache.progress.ask({ ...publication, historyLength, isOpen }, () =>
      askProgress(session.access, query, publication),
    );
  const read =
    description.type === COMPOSE_WORKFLOW
      ? await readCompose(session, described, { ask, cache })
      : await readImage(session, described, ask);
  const failing = await failingTask(session.access, publication, description.raw);
  // A worker that fails at the task answers no query: not its absence is the cause.
  const status = failing === null ? read : { ...read, note: failing };
  // A status without a worker may become more complete when a worker is back.
  if (status.kind === 'image' && status.outcome !== 'running' && status.note === null) {
    keepClosed(cache, status);
  }
  return status;
}

/** Of a compose that closed, later runs may complete images, so only images are kept. */
function keepClosed({ closed }: StatusCache, status: ImageStatus): void {
  const [oldest] = closed.keys();
  if (closed.size >= CLOSED_MAX && oldest !== undefined) closed.delete(oldest);
  closed.set(status.runId, status);
}

/** Asks the run's workflow, unless it has given the same answer already. */
type Ask = <P>(query: 'imageProgress' | 'composeProgress') => Promise<Asked<P>>;

type Described = Publication & { readonly activities: readonly PendingActivity[] };

async function readImage(
  session: Session,
  described: Described,
  askWorkflow: Ask,
): Promise<ImageStatus> {
  const base = { ...described, kind: 'image' as const, result: null, request: null };
  const ask = () => askWorkflow<ImageProgress>('imageProgress');
  if (described.execution === 'RUNNING') {
    const asked = await ask();
    const progress = asked.progress ?? (await progressFromHistory(session.access, described));
    const note = asked.progress === undefined ? asked.note : null;
    return { ...base, outcome: 'running', progress, failure: null, note };
  }
  const end = await readEnd<ImageResult>(session, described);
  if ('result' in end) {
    const { result } = end;
    const { progress: answered } = await ask();
    const progress = answered ?? (await progressFromResult(session.access, described, result));
    return { ...base, outcome: result.outcome, progress, result, failure: null, note: null };
  }
  const reported = failureProgress(end.failure) as ImageProgress | undefined;
  const outcome = failedOutcome(described.execution);
  // Do not let a worker replay the whole run for what its failure already contains.
  const isReported = reported !== undefined && outcome !== 'cancelled';
  const asked = isReported ? { progress: reported, note: null } : await ask();
  const progress =
    reported ?? asked.progress ?? (await progressFromHistory(session.access, described));
  const note = reported === undefined && asked.progress === undefined ? asked.note : null;
  const { request } = await readImageHistory(session.access, described);
  const report = failureReport(end.failure);
  // A cancellation carries no details: only the workflow knows what it has left.
  const message = outcome === 'cancelled' ? asked.progress?.failure : undefined;
  const step = STEPS.find((one) => progress?.steps[one].state === 'failed');
  const failure = {
    ...report,
    ...(message === undefined ? {} : { message }),
    ...(step === undefined ? {} : { step }),
  };
  return { ...base, outcome, progress, failure, note, request };
}

async function readCompose(
  session: Session,
  described: Described,
  { ask, cache }: { readonly ask: Ask; readonly cache: StatusCache },
): Promise<ComposeStatus> {
  const base = { ...described, kind: 'compose' as const };
  const asked = await ask<ComposeProgress>('composeProgress');
  const end =
    described.execution === 'RUNNING'
      ? undefined
      : await readEnd<ComposeResult>(session, described);
  const result = end !== undefined && 'result' in end ? end.result : undefined;
  const failure = end !== undefined && 'failure' in end ? end.failure : undefined;
  const progress =
    asked.progress ?? (failureProgress(failure) as ComposeProgress | undefined) ?? null;
  const runs = await imagesOfCompose(session, described, progress);
  const read = await Promise.all(runs.map((run) => readIfStarted(session, run, cache)));
  const images = read.filter((image) => image?.kind === 'image');
  const closed = result?.outcome ?? failedOutcome(described.execution);
  return {
    ...base,
    outcome: end === undefined ? 'running' : outcomeNow(closed, images),
    progress,
    images,
    failure: failure === undefined ? null : failureReport(failure),
    note: progress === null && result === undefined ? asked.note : null,
    reason: result?.reason ?? null,
    message:
      failure === undefined ? null : ((await readLastMessage(session.access, described)) ?? null),
  };
}

/** Its images may have been completed by runs of their own since the compose has closed. */
function outcomeNow(closed: Outcome, images: readonly ImageStatus[]): Outcome {
  const isPublished = ({ outcome }: ImageStatus) =>
    outcome === 'published' || outcome === 'already-published';
  const isCompleted = images.length > 0 && images.every(isPublished);
  return closed === 'partly-published' && isCompleted ? 'published' : closed;
}

/** Undefined when the compose has named the image but not started it yet. */
async function readIfStarted(
  session: Session,
  run: { readonly workflowId: string },
  cache: StatusCache,
): Promise<PublicationStatus | undefined> {
  try {
    return await readStatus(session, run, cache);
  } catch (error) {
    if (error instanceof ClientError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

function failedOutcome(execution: WorkflowExecutionStatusName): Outcome {
  if (execution === 'CANCELLED') return 'cancelled';
  return execution === 'TERMINATED' ? 'terminated' : 'failed';
}
