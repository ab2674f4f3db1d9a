/** The state of one compose and its images: takes the signals, answers the query, draws the page in the Temporal UI. */

import {
  ApplicationFailure,
  CancellationScope,
  condition,
  executeChild,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Duration } from '@temporalio/common';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { ComposeInput, PublishImageInput } from '../contract.js';
import {
  architectureAttribute,
  attentionAttribute,
  composeAttribute,
  composeProgressQuery,
  composeStatusSignal,
  imageAttribute,
  outcomeAttribute,
  PUBLISH_IMAGE_WORKFLOW,
} from '../contract.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import { isMessageOf } from '../model/compose/compose-message.js';
import { EC2_SERVICE_EXCEPTION } from '../model/errors.js';
import { DEFAULT_DEPLOYMENT } from '../model/ids/installation.js';
import { deploymentOf, imageWorkflowId } from '../model/ids/workflow-ids.js';
import type { ImageRequest } from '../model/plan/plan.js';
import type {
  ComposeProgress,
  ComposeResult,
  FailedImage,
  ImageResult,
} from '../model/progress/progress.js';
import { failureReason } from './failure-reason.js';

/** A failed run stays open until its undo is done. */
const STILL_OPEN =
  'another run of this image is under way or still being undone: wait until `fedimg status` shows that it has ended, then signal the compose again';

type ImageState = ComposeProgress['images'][number];

export class ComposeRun {
  state: ComposeProgress['state'] = 'waiting';
  absent: readonly string[] = [];
  readonly #composeId: string;
  readonly #complete: ComposeInput['complete'];
  readonly #images = new Map<string, ImageState>();
  #last: ComposeMessage | undefined;

  constructor({ composeId, complete }: ComposeInput) {
    this.#composeId = composeId;
    this.#complete = complete;
    setHandler(composeProgressQuery, () => this.progress());
    setHandler(composeStatusSignal, (message) => {
      // An error in a handler would fail this workflow's task again and again.
      if (!isMessageOf(this.#composeId, message)) {
        log.warn('a signal was ignored: it is not a message of this compose');
        return;
      }
      // A STARTED that arrives late does not reopen a compose.
      if (!isFinal(this.status)) this.#last = message;
    });
  }

  /** pungi's last status; `none` before the first message. */
  get status(): string {
    return this.#last?.status ?? 'none';
  }

  /** The message of a compose that is finished; undefined while it runs, and when pungi gave it up. */
  get finished(): ComposeMessage | undefined {
    return this.status.startsWith('FINISHED') ? this.#last : undefined;
  }

  /** false when the compose has not ended within this time. */
  untilFinal(patience: Duration): Promise<boolean> {
    return condition(() => isFinal(this.status), patience, {
      summary: 'the compose is still running',
    });
  }

  /** Rejects only when cancelled: a failed image does not affect the others. */
  async publish(request: ImageRequest): Promise<ImageResult | undefined> {
    const { image, composeId } = request;
    const deployment = deploymentOf(workflowInfo().workflowId) ?? DEFAULT_DEPLOYMENT;
    const workflowId = imageWorkflowId(deployment, { composeId, ...image });
    const state = { workflowId, image: image.name, arch: image.arch };
    this.#show({ ...state, state: 'running' });
    try {
      const complete = this.#complete;
      const input = { request, ...(complete === undefined ? {} : { complete }) };
      const result = await publishAsChild(input, workflowId);
      this.#show({ ...state, state: result.outcome });
      return result;
    } catch (failure) {
      if (CancellationScope.current().consideredCancelled) {
        this.#show({ ...state, state: 'cancelled' });
        throw failure;
      }
      const isOpen = failure instanceof WorkflowExecutionAlreadyStartedError;
      const reason = isOpen ? STILL_OPEN : failureReason(failure);
      this.#show({ ...state, state: 'failed', reason });
      return undefined;
    }
  }

  /** Lists of runs show the outcome: a compose that is partly published has completed like a good one. */
  close(outcome: ComposeResult['outcome'] | 'failed' | 'cancelled'): void {
    const attention = outcome === 'failed' ? 'failed' : 'left-out';
    const isGood = outcome !== 'failed' && outcome !== 'partly-published';
    upsertSearchAttributes([
      { key: outcomeAttribute, value: outcome },
      ...(isGood ? [] : [{ key: attentionAttribute, value: attention }]),
    ]);
  }

  /** The result of a compose that pungi gave up. */
  ended(reason: string): ComposeResult {
    this.state = 'done';
    this.close('ended');
    return { composeId: this.#composeId, outcome: 'ended', reason, images: [] };
  }

  /** The result of all images, partly published when some of them failed; throws when all of them failed. */
  closed(results: readonly (ImageResult | undefined)[]): ComposeResult {
    const images = results.filter((result) => result !== undefined);
    if (images.length === 0) throw this.#failure(results.length);
    this.state = 'done';
    const outcomes = images.map(({ outcome }) => outcome);
    const failed = this.#failed();
    const outcome =
      failed.length > 0 || outcomes.includes('partly-published')
        ? 'partly-published'
        : outcomes.every((one) => one === 'already-published')
          ? 'already-published'
          : 'published';
    this.close(outcome);
    return {
      composeId: this.#composeId,
      outcome,
      images,
      ...(failed.length === 0 ? {} : { failed }),
      ...this.#absence(),
    };
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

  #absence(): Pick<ComposeProgress, 'absent'> {
    return this.absent.length === 0 ? {} : { absent: this.absent };
  }

  #failed(): FailedImage[] {
    return [...this.#images.values()].flatMap(({ state, reason = '', workflowId, image, arch }) =>
      state === 'failed' ? [{ workflowId, image, arch, reason }] : [],
    );
  }

  #failure(total: number): ApplicationFailure {
    const failed = this.#failed();
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

function isFinal(status: string): boolean {
  return ['FINISHED', 'FINISHED_INCOMPLETE', 'DOOMED', 'TERMINATED'].includes(status);
}

async function publishAsChild(input: PublishImageInput, workflowId: string): Promise<ImageResult> {
  const { image, composeId } = input.request;
  return (await executeChild(PUBLISH_IMAGE_WORKFLOW, {
    workflowId,
    args: [input],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    // A child that is cancelled undoes its work; one that is terminated with its parent could not.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `${image.name} to EC2`,
    memo: workflowInfo().memo ?? {},
    typedSearchAttributes: [
      { key: composeAttribute, value: composeId },
      { key: imageAttribute, value: image.name },
      { key: architectureAttribute, value: image.arch },
    ],
  })) as ImageResult;
}
