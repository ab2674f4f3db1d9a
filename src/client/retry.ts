/** `retry`: completes what was left out, in a run that is under way or by a new run of the image. */

import type { OperatorInput } from '../contract.js';
import { retryRefusal } from '../model/progress/operator-rules.js';
import type { RegionProgress } from '../model/progress/progress.js';
import { ClientError } from './errors.js';
import { readImageHistory } from './image-history.js';
import { readLastMessage } from './compose-history.js';
import type { Acted, ImageAct } from './operator.js';
import { act, noWorkerAnswers, refuseIfAll } from './operator.js';
import { resolvePublication } from './publications.js';
import type { Session } from './session.js';
import type { Started, StartOptions } from './start.js';
import { completeCompose, startImage } from './start.js';
import type { ComposeStatus, ImageStatus } from './status.js';
import { readStatus } from './status.js';

export interface RetryOptions extends StartOptions {
  /** All that are left out when empty. */
  readonly regions: readonly string[];
  readonly operator: OperatorInput;
}

export interface Retried extends Acted {
  /** The runs that were started for what is closed. */
  readonly started: readonly Started[];
}

/** Safe to repeat: what is complete stays unchanged. Throws `ClientError`, also when each image refuses. */
export async function retryPublication(
  session: Session,
  id: string,
  options: RetryOptions,
): Promise<Retried> {
  const publication = await resolvePublication(session, id);
  const status = await readStatus(session, publication);
  if (status.kind === 'compose' && status.outcome !== 'running') {
    return { publication, images: [], started: await retryCompose(session, status, options) };
  }
  const images = status.kind === 'compose' ? status.images : [status];
  const done = await Promise.all(images.map((image) => retryImage(session, image, options)));
  const acts = done.flatMap(({ act: one }) => one ?? []);
  const started = done.flatMap(({ started: one }) => one ?? []);
  if (started.length === 0) refuseIfAll(acts);
  return { publication, images: acts, started };
}

interface Done {
  readonly act?: ImageAct;
  readonly started?: Started;
}

/** The compose runs again, as its images do: those that are complete stay unchanged. */
async function retryCompose(
  session: Session,
  status: ComposeStatus,
  { regions, operator, ...start }: RetryOptions,
): Promise<Started[]> {
  if (isComplete(status.outcome)) return [];
  const message = await readLastMessage(session.access, status);
  if (message === undefined) {
    throw new ClientError(
      'refused',
      `${status.workflowId} has no status message in its history, so it cannot be started again`,
      'Signal the compose again with its message: fedimg compose signal FILE',
    );
  }
  const complete = { of: status.runId, ...only(regions), ...operator };
  return [await completeCompose(session, message, { ...start, complete })];
}

async function retryImage(
  session: Session,
  image: ImageStatus,
  options: RetryOptions,
): Promise<Done> {
  const { workflowId, runId, progress, outcome } = image;
  const { regions, operator, ...start } = options;
  const states = progress?.regions ?? [];
  if (outcome === 'running') {
    // Without a worker the states are those of the plan.
    if (image.note !== null) throw noWorkerAnswers(workflowId);
    const wanted = regions.length > 0 ? regions : retriable(states);
    const input = { ...operator, regions: wanted };
    if (wanted.length > 0) return { act: await act(session, image, 'retry', input) };
    return { act: { workflowId, runId, changed: false, refusal: 'no region was left out' } };
  }
  const isPublic = states.some(({ state }) => state === 'published' || state === 'private');
  const refusal = isPublic ? refusalOf(states, regions) : undefined;
  if (refusal !== undefined) return { act: { workflowId, runId, changed: false, refusal } };
  if (isPublic && retriable(states).length === 0)
    return { act: { workflowId, runId, changed: false } };
  const { request } = await readImageHistory(session.access, image);
  const complete = { of: runId, ...only(regions), ...operator };
  return { started: await startImage(session, request, { ...start, workflowId, complete }) };
}

function isComplete(outcome: string): boolean {
  return outcome === 'published' || outcome === 'already-published';
}

function only(regions: readonly string[]): { readonly regions?: readonly string[] } {
  return regions.length === 0 ? {} : { regions };
}

function retriable(states: readonly RegionProgress[]): string[] {
  const wanted = ['failed', 'left-out', 'waiting-for-operator'];
  return states.filter(({ state }) => wanted.includes(state)).map(({ region }) => region);
}

function refusalOf(
  states: readonly RegionProgress[],
  regions: readonly string[],
): string | undefined {
  const regionNames = states.map(({ region }) => region);
  const refusals = regions.flatMap((regionName) => {
    const region = states.find((one) => one.region === regionName);
    return retryRefusal(region, { regionName, regionNames, isRetried: false }) ?? [];
  });
  return refusals.length === 0 ? undefined : refusals.join('; ');
}
