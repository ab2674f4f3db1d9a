/** One compose: waits until it is finished, then publishes each of its images as a child workflow. */

import {
  ApplicationFailure,
  CancellationScope,
  condition,
  executeChild,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Activities } from '../activities/activities.js';
import type { ComposeInput } from '../contract.js';
import {
  architectureAttribute,
  composeAttribute,
  composeProgressQuery,
  composeStatusSignal,
  imageAttribute,
  PUBLISH_IMAGE_WORKFLOW,
} from '../contract.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import { isMessageOf } from '../model/compose/compose-message.js';
import type { FailureDetails } from '../model/errors.js';
import { EC2_SERVICE_EXCEPTION } from '../model/errors.js';
import type { ImageRequest } from '../model/plan/plan.js';
import type { ComposeProgress, ComposeResult, ImageResult } from '../model/progress/progress.js';
import { imageWorkflowId } from '../model/ids/workflow-ids.js';
import { settleAll } from '../model/settle.js';
import { failureReason } from './failure-reason.js';
import { quick } from './profiles.js';

const { readCompose } = proxyActivities<Pick<Activities, 'readCompose'>>(quick);

/** Pungi's longest composes take a day; one that is silent for a week never finishes. */
const COMPOSE_PATIENCE = '7 days';

/** Whoever started that run; a failed one stays open until it is undone. */
const STILL_OPEN =
  'another run of this image is under way, or still being undone: see `fedimg status`, and signal the compose again when it is over';

type ImageState = ComposeProgress['images'][number];

export async function compose(input: ComposeInput): Promise<ComposeResult> {
  const run = new ComposeRun(input.composeId);
  try {
    const message = await run.finished();
    if (message === undefined) return run.ended(`the compose ended as ${run.status}`);
    run.state = 'reading';
    const read = await readCompose.executeWithOptions(
      { summary: `read the images of ${input.composeId}` },
      [message],
    );
    const { requests, absent } = Array.isArray(read) ? { requests: read, absent: [] } : read;
    run.absent = absent;
    if (requests.length === 0) {
      throw unusable('compose-empty', `${input.composeId} has no image for EC2`);
    }
    run.state = 'publishing';
    return run.closed(await settleAll(requests.map((request) => run.publish(request))));
  } catch (failure) {
    run.state = isCancellation(failure) ? 'cancelled' : 'failed';
    throw failure;
  }
}

function isFinal(status: string): boolean {
  return ['FINISHED', 'FINISHED_INCOMPLETE', 'DOOMED', 'TERMINATED'].includes(status);
}

/** A failure, so that the same compose may be signalled again when its cause is mended. */
function unusable(code: string, message: string): ApplicationFailure {
  const next = 'Look at [composes] in the configuration, then signal the compose again.';
  const details: FailureDetails = { code, class: 'refused', next };
  const type = EC2_SERVICE_EXCEPTION;
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [details] });
}

class ComposeRun {
  state: ComposeProgress['state'] = 'waiting';
  status = 'none';
  absent: readonly string[] = [];
  readonly #composeId: string;
  readonly #images = new Map<string, ImageState>();
  #last: ComposeMessage | undefined;

  constructor(composeId: string) {
    this.#composeId = composeId;
    setHandler(composeProgressQuery, () => this.progress());
    setHandler(composeStatusSignal, (message) => {
      // A handler that throws would fail this workflow's task again and again.
      if (!isMessageOf(this.#composeId, message)) {
        log.warn('a signal that is no message of this compose was ignored');
        return;
      }
      // A late STARTED takes nothing back.
      if (isFinal(this.status)) return;
      this.#last = message;
      this.status = message.status;
    });
  }

  /** The message that the compose is finished, or undefined when it will never be. */
  async finished(): Promise<ComposeMessage | undefined> {
    if (!(await condition(() => isFinal(this.status), COMPOSE_PATIENCE))) {
      throw unusable(
        'compose-silent',
        `${this.#composeId} was not finished within ${COMPOSE_PATIENCE}`,
      );
    }
    return this.status.startsWith('FINISHED') ? this.#last : undefined;
  }

  /** Never rejects but by cancellation: one image's failure is for the other images nothing. */
  async publish(request: ImageRequest): Promise<ImageResult | undefined> {
    const { image, composeId } = request;
    const workflowId = imageWorkflowId({ composeId, ...image });
    const state = { workflowId, image: image.name, arch: image.arch };
    this.#show({ ...state, state: 'running' });
    try {
      const result = (await executeChild(PUBLISH_IMAGE_WORKFLOW, {
        workflowId,
        args: [{ request }],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `${image.name} to EC2`,
        memo: workflowInfo().memo ?? {},
        typedSearchAttributes: [
          { key: composeAttribute, value: composeId },
          { key: imageAttribute, value: image.name },
          { key: architectureAttribute, value: image.arch },
        ],
      })) as ImageResult;
      this.#show({ ...state, state: result.outcome });
      return result;
    } catch (failure) {
      if (CancellationScope.current().consideredCancelled) {
        this.#show({ ...state, state: 'cancelled' });
        throw failure;
      }
      const running = failure instanceof WorkflowExecutionAlreadyStartedError;
      const reason = running ? STILL_OPEN : failureReason(failure);
      this.#show({ ...state, state: 'failed', reason });
      return undefined;
    }
  }

  ended(reason: string): ComposeResult {
    this.state = 'done';
    return { composeId: this.#composeId, outcome: 'ended', reason, images: [] };
  }

  closed(results: readonly (ImageResult | undefined)[]): ComposeResult {
    const images = results.filter((result) => result !== undefined);
    if (images.length < results.length) throw this.#failure(results.length);
    this.state = 'done';
    const outcomes = images.map(({ outcome }) => outcome);
    const outcome = outcomes.every((one) => one === 'already-published')
      ? 'already-published'
      : outcomes.includes('partly-published')
        ? 'partly-published'
        : 'published';
    return { composeId: this.#composeId, outcome, images, ...this.#absence() };
  }

  progress(): ComposeProgress {
    return {
      composeId: this.#composeId,
      state: this.state,
      status: this.status,
      images: [...this.#images.values()],
      ...this.#absence(),
    };
  }

  /** Nothing, where nothing is absent. */
  #absence(): Pick<ComposeProgress, 'absent'> {
    return this.absent.length === 0 ? {} : { absent: this.absent };
  }

  #failure(total: number): ApplicationFailure {
    const failed = [...this.#images.values()].filter(({ state }) => state === 'failed');
    const reasons = failed.map(({ image, reason }) => `${image}: ${reason}`).join('; ');
    return ApplicationFailure.create({
      type: EC2_SERVICE_EXCEPTION,
      message: `${failed.length} of ${total} images failed: ${reasons}`,
      nonRetryable: true,
      details: [null, this.progress()],
    });
  }

  #show(image: ImageState): void {
    this.#images.set(image.workflowId, image);
    const rows = [...this.#images.values()].map(
      ({ image: name, arch, state, reason }) =>
        `| ${name} | ${arch} | ${state} | ${reason ?? ''} |`,
    );
    setCurrentDetails(
      [
        `**${this.#composeId}** · ${this.status}`,
        '',
        '| image | arch | state | |',
        '|-|-|-|-|',
        ...rows,
        ...this.absent.map((what) => `| ${what} | | absent | not in the compose |`),
      ].join('\n'),
    );
  }
}
