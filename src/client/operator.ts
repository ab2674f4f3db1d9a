/** The operator's hands on images that are under way: updates of their workflows, with who acts and why. */

import {
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { OperatorAnswer, OperatorInput, RegionsInput } from '../contract.js';
import {
  approveUpdate,
  pauseUpdate,
  resumeUpdate,
  retryRegionsUpdate,
  skipRegionsUpdate,
} from '../contract.js';
import { ClientError } from './errors.js';
import type { Publication } from './publications.js';
import { resolvePublication } from './publications.js';
import type { RunRef, Session } from './session.js';
import type { ImageStatus } from './status.js';
import { readStatus } from './status.js';

const UPDATES = {
  approve: approveUpdate,
  pause: pauseUpdate,
  resume: resumeUpdate,
  retry: retryRegionsUpdate,
  skip: skipRegionsUpdate,
} as const;
export type OperatorUpdate = keyof typeof UPDATES;

/** What became of the act for one image. */
export interface ImageAct extends RunRef {
  /** False when the image was already as the operator wants it, or refuses. */
  readonly changed: boolean;
  /** Why the image refuses the act. */
  readonly refusal?: string;
}

export interface Acted {
  readonly publication: Publication;
  readonly images: readonly ImageAct[];
}

/** A worker answers within a second; after a restart within a few. */
const UPDATE_TIMEOUT_MS = 15_000;

/** Acts on an image, or on all images of a compose that are under way. Throws `ClientError` when each of them refuses. */
export async function actOnImages(
  session: Session,
  id: string,
  update: OperatorUpdate,
  input: OperatorInput | RegionsInput,
): Promise<Acted> {
  const publication = await resolvePublication(session, id);
  const open = await openImages(session, publication);
  const images = await Promise.all(open.map((image) => act(session, image, update, input)));
  refuseIfAll(images);
  return { publication, images };
}

/** The images that are under way; throws a `ClientError` when there is none. */
async function openImages(session: Session, publication: Publication): Promise<ImageStatus[]> {
  const { kind, execution, workflowId } = publication;
  const status = await readStatus(session, publication);
  const images = status.kind === 'compose' ? status.images : [status];
  const open = images.filter(({ outcome }) => outcome === 'running');
  if (open.length > 0) return open;
  const isWaiting = kind === 'compose' && execution === 'RUNNING';
  throw new ClientError(
    'refused',
    isWaiting
      ? `${workflowId} has no image under way`
      : `${workflowId} is already closed (${execution.toLowerCase()})`,
    isWaiting
      ? `Wait for its images: fedimg status ${workflowId} --watch`
      : `See what is missing: fedimg status ${workflowId}. To add regions: fedimg retry ${workflowId}`,
  );
}

/** Sends one update. An image that refuses is an answer; a worker that does not answer is an error. */
export async function act(
  session: Session,
  { workflowId, runId }: RunRef,
  update: OperatorUpdate,
  input: OperatorInput | RegionsInput,
): Promise<ImageAct> {
  const run = { workflowId, runId };
  try {
    const { changed } = await session.access.call(
      (client) =>
        client.workflow
          .getHandle(workflowId, runId)
          .executeUpdate<OperatorAnswer, [RegionsInput]>(UPDATES[update].name, {
            args: [input as RegionsInput],
          }),
      UPDATE_TIMEOUT_MS,
    );
    return { ...run, changed };
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      const { cause } = error;
      const refusal = cause instanceof ApplicationFailure ? cause.message : error.message;
      return { ...run, changed: false, refusal };
    }
    if (isUnanswered(error)) throw noWorkerAnswers(workflowId, error);
    throw error;
  }
}

function isUnanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  return error instanceof ClientError && error.kind === 'unreachable';
}

export function noWorkerAnswers(workflowId: string, cause?: unknown): ClientError {
  return new ClientError(
    'unreachable',
    `no worker answers for ${workflowId}, so the image cannot take this now`,
    'Start a worker (`fedimg worker`), then run the command again. It is safe to repeat.',
    cause,
  );
}

export function refuseIfAll(images: readonly ImageAct[]): void {
  const refusals = images.flatMap(({ workflowId, refusal }) =>
    refusal === undefined ? [] : [`${workflowId}: ${refusal}`],
  );
  if (images.length === 0 || refusals.length < images.length) return;
  const [first] = images;
  throw new ClientError(
    'refused',
    refusals.join('\n'),
    `See where it stands: fedimg status ${first?.workflowId ?? ''}`,
  );
}
