/** The interface between clients and workflows: names, signals, queries, inputs, search attributes. */

import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { ComposeMessage } from './model/compose/compose-message.js';
import type { Channel, Notification } from './model/notification.js';
import type { CompleteRequest } from './model/plan/completion.js';
import type { ImageRequest } from './model/plan/plan.js';
import type { ComposeProgress, ImageProgress } from './model/progress/progress.js';

export const COMPOSE_WORKFLOW = 'compose';
export const PUBLISH_IMAGE_WORKFLOW = 'publishImage';

export const SWEEP_WORKFLOW = 'sweep';
export const NOTIFY_WORKFLOW = 'notify';

export interface NotifyInput {
  readonly notification: Notification;
  /** Those that were configured when it happened. */
  readonly channels: readonly Channel[];
}

export interface ComposeInput {
  readonly composeId: string;
  /** Of a compose that an operator started again to complete its images. */
  readonly complete?: CompleteRequest & OperatorInput;
}

export interface PublishImageInput {
  readonly request: ImageRequest;
  /** Of a run that an operator started to add regions which an earlier run left out. */
  readonly complete?: CompleteRequest & OperatorInput;
}

/** Memo with the factor of a run's short waits: `timing.scale` of the configuration. */
export const TIME_SCALE_MEMO = 'timeScale';

export interface SweepInput {
  readonly deployment: string;
  readonly dryRun: boolean;
}

/** Who acts on a run, and why. */
export interface OperatorInput {
  readonly by: string;
  readonly reason?: string;
}

export interface RegionsInput extends OperatorInput {
  readonly regions: readonly string[];
}

export interface OperatorAnswer {
  /** False when the run was already as the operator wants it. */
  readonly changed: boolean;
}

/** Each is refused with the reason when it makes no sense, and may be repeated. */
export const retryRegionsUpdate = defineUpdate<OperatorAnswer, [RegionsInput]>('retryRegions');
export const skipRegionsUpdate = defineUpdate<OperatorAnswer, [RegionsInput]>('skipRegions');
export const pauseUpdate = defineUpdate<OperatorAnswer, [OperatorInput]>('pause');
export const resumeUpdate = defineUpdate<OperatorAnswer, [OperatorInput]>('resume');
export const approveUpdate = defineUpdate<OperatorAnswer, [OperatorInput]>('approve');
/** Sent before a cancel: Temporal accepts both without a worker, and a cancel itself has no room for who and why. */
export const cancelNoteSignal = defineSignal<[OperatorInput]>('cancelNote');

/** A pungi status message of this compose. */
export const composeStatusSignal = defineSignal<[ComposeMessage]>('composeStatus');
export const composeProgressQuery = defineQuery<ComposeProgress>('composeProgress');
export const imageProgressQuery = defineQuery<ImageProgress>('imageProgress');

export const composeAttribute = defineSearchAttributeKey('Compose', 'KEYWORD');
export const imageAttribute = defineSearchAttributeKey('Image', 'KEYWORD');
export const architectureAttribute = defineSearchAttributeKey('Architecture', 'KEYWORD');
export const phaseAttribute = defineSearchAttributeKey('Phase', 'KEYWORD');
/** Of a closed run: `published`, `partly-published`, `failed` and so on. */
export const outcomeAttribute = defineSearchAttributeKey('Outcome', 'KEYWORD');
/** Why a person should look at the run; absent when all is well. */
export const attentionAttribute = defineSearchAttributeKey('Attention', 'KEYWORD');

/** To be registered at the Temporal server before the first workflow starts. */
export const SEARCH_ATTRIBUTES = [
  { name: composeAttribute.name, type: 'Keyword' },
  { name: imageAttribute.name, type: 'Keyword' },
  { name: architectureAttribute.name, type: 'Keyword' },
  { name: phaseAttribute.name, type: 'Keyword' },
  { name: outcomeAttribute.name, type: 'Keyword' },
  { name: attentionAttribute.name, type: 'Keyword' },
] as const;
