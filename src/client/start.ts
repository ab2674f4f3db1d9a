/** Starts publications: a compose by its status message, an image by hand. Both are safe to repeat. */

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  architectureAttribute,
  COMPOSE_WORKFLOW,
  composeAttribute,
  composeStatusSignal,
  imageAttribute,
  PUBLISH_IMAGE_WORKFLOW,
  TIME_SCALE_MEMO,
} from '../contract.js';
import type { ComposeInput, PublishImageInput } from '../contract.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import type { ImageRequest } from '../model/plan/plan.js';
import { composeWorkflowId, imageWorkflowId } from '../model/ids/workflow-ids.js';
import { usablePairs } from './attributes.js';
import { ClientError } from './errors.js';
import { readImageHistory } from './image-history.js';
import { noWorkerWarning } from './pollers.js';
import { describePublication } from './publications.js';
import type { RunRef, Session } from './session.js';
import { linkTo } from './session.js';
import { readStatus } from './status.js';

export interface StartOptions {
  readonly taskQueue: string;
  /** `timing.scale` of the configuration; 1 by default. */
  readonly timeScale?: number;
}

export interface Started extends RunRef {
  /**
   * `started`: a run was started. `running`: it ran already. `published`: an earlier run has published it.
   * `ended`: the compose ended without images, as the message reports.
   */
  readonly state: 'started' | 'running' | 'published' | 'ended';
  readonly link: string | null;
  /** Why the run does not go on: no worker polls its task queue. */
  readonly warning: string | null;
}

/**
 * Sends the message to its compose. Starts the compose if it has not run, has failed, is partly published, or had
 * ended without images and is finished now. A published compose stays unchanged. Safe to repeat.
 */
export async function signalCompose(
  session: Session,
  message: ComposeMessage,
  options: StartOptions,
): Promise<Started> {
  try {
    return await send(session, message, { ...options, reuse: 'ALLOW_DUPLICATE_FAILED_ONLY' });
  } catch (error) {
    if (!isAlreadyStarted(error)) throw error;
    const workflowId = composeWorkflowId(session.deployment, message.composeId);
    const { runId, link } = await describePublication(session, workflowId);
    const status = await readStatus(session, { workflowId, runId });
    const closed = { workflowId, runId, link, warning: null };
    const isIncomplete = status.outcome === 'ended' || status.outcome === 'partly-published';
    if (!isIncomplete) return { ...closed, state: 'published' };
    if (!message.status.startsWith('FINISHED')) {
      return { ...closed, state: status.outcome === 'ended' ? 'ended' : 'published' };
    }
    // Pungi finished a compose that it had reported as doomed, or the compose has regions or images to complete.
    return send(session, message, { ...options, reuse: 'ALLOW_DUPLICATE' });
  }
}

/** Starts a closed compose again, to complete what it left out. Throws a `ClientError` when it has run without a message. */
export async function completeCompose(
  session: Session,
  message: ComposeMessage,
  options: StartOptions & { readonly complete: NonNullable<ComposeInput['complete']> },
): Promise<Started> {
  return send(session, message, { ...options, reuse: 'ALLOW_DUPLICATE' });
}

async function send(
  session: Session,
  message: ComposeMessage,
  options: StartOptions & {
    readonly reuse: 'ALLOW_DUPLICATE_FAILED_ONLY' | 'ALLOW_DUPLICATE';
    readonly complete?: ComposeInput['complete'];
  },
): Promise<Started> {
  const { composeId } = message;
  const workflowId = composeWorkflowId(session.deployment, composeId);
  const before = await runningRun(session, workflowId);
  const { complete } = options;
  const input: ComposeInput = { composeId, ...(complete === undefined ? {} : { complete }) };
  const typedSearchAttributes = await usablePairs(session.access, [
    { key: composeAttribute, value: composeId },
  ]);
  const handle = await session.access.call((client) =>
    client.workflow.signalWithStart(COMPOSE_WORKFLOW, {
      workflowId,
      taskQueue: options.taskQueue,
      args: [input],
      signal: composeStatusSignal,
      signalArgs: [message],
      workflowIdReusePolicy: options.reuse,
      workflowIdConflictPolicy: 'USE_EXISTING',
      memo: memoOf(options),
      staticSummary: `publishes the images of ${composeId}`,
      typedSearchAttributes,
    }),
  );
  const run = { workflowId, runId: handle.signaledRunId };
  const state = before === run.runId ? 'running' : 'started';
  return startedAs(session, run, { state, ...options });
}

/** Starts `publishImage`, one run at a time for an image. Throws a `ClientError` when a run of another file is under way. */
export async function startImage(
  session: Session,
  request: ImageRequest,
  options: StartOptions & {
    /** Of the earlier run that this one completes. */
    readonly workflowId?: string;
    readonly complete?: PublishImageInput['complete'];
  },
): Promise<Started> {
  const { composeId, image } = request;
  const workflowId =
    options.workflowId ?? imageWorkflowId(session.deployment, { composeId: image.name, ...image });
  const { complete } = options;
  const input: PublishImageInput = { request, ...(complete === undefined ? {} : { complete }) };
  const typedSearchAttributes = await usablePairs(session.access, [
    { key: composeAttribute, value: composeId },
    { key: imageAttribute, value: image.name },
    { key: architectureAttribute, value: image.arch },
  ]);
  try {
    const handle = await session.access.call((client) =>
      client.workflow.start(PUBLISH_IMAGE_WORKFLOW, {
        workflowId,
        taskQueue: options.taskQueue,
        args: [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        memo: memoOf(options),
        staticSummary: `${image.name} to EC2, by hand`,
        typedSearchAttributes,
      }),
    );
    const run = { workflowId, runId: handle.firstExecutionRunId };
    return await startedAs(session, run, { state: 'started', ...options });
  } catch (error) {
    if (!isAlreadyStarted(error)) throw error;
    const run = await joinRunning(session, workflowId, request);
    return startedAs(session, run, { state: 'running', ...options });
  }
}

async function startedAs(
  session: Session,
  run: RunRef,
  { state, taskQueue }: Pick<Started, 'state'> & StartOptions,
): Promise<Started> {
  const warning = await noWorkerWarning(session.access, taskQueue);
  return { ...run, state, link: linkTo(session, run), warning };
}

function memoOf({ timeScale = 1 }: StartOptions): Record<string, unknown> {
  return timeScale === 1 ? {} : { [TIME_SCALE_MEMO]: timeScale };
}

async function joinRunning(
  session: Session,
  workflowId: string,
  wanted: ImageRequest,
): Promise<RunRef> {
  const { runId } = await describePublication(session, workflowId);
  const { request } = await readImageHistory(session.access, { workflowId, runId });
  const same =
    request.image.url === wanted.image.url && request.image.sha256 === wanted.image.sha256;
  if (same) return { workflowId, runId };
  throw new ClientError(
    'conflict',
    `${wanted.image.name} is being published from another file: ${request.image.url}`,
    `Wait for that run (fedimg status ${workflowId} --watch), or cancel it (fedimg cancel ${workflowId}).`,
  );
}

function isAlreadyStarted(error: unknown): boolean {
  return error instanceof WorkflowExecutionAlreadyStartedError;
}

async function runningRun(session: Session, workflowId: string): Promise<string | undefined> {
  try {
    const { execution, runId } = await describePublication(session, workflowId);
    return execution === 'RUNNING' ? runId : undefined;
  } catch (error) {
    if (error instanceof ClientError && error.kind === 'not-found') return undefined;
    throw error;
  }
}
