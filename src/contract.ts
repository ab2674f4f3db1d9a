/** The interface between clients and workflows: names, signals, queries, inputs, search attributes. */

import { defineQuery, defineSignal } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { ComposeMessage } from './model/compose/compose-message.js';
import type { ImageRequest } from './model/plan/plan.js';
import type { ComposeProgress, ImageProgress } from './model/progress/progress.js';

export const COMPOSE_WORKFLOW = 'compose';
export const PUBLISH_IMAGE_WORKFLOW = 'publishImage';

export const SWEEP_WORKFLOW = 'sweep';

export interface ComposeInput {
  readonly composeId: string;
}

export interface PublishImageInput {
  readonly request: ImageRequest;
}

/** Memo with the factor of a run's short waits: `timing.scale` of the configuration. */
export const TIME_SCALE_MEMO = 'timeScale';

export interface SweepInput {
  readonly deployment: string;
  readonly dryRun: boolean;
}

/** A pungi status message of this compose. */
export const composeStatusSignal = defineSignal<[ComposeMessage]>('composeStatus');
export const composeProgressQuery = defineQuery<ComposeProgress>('composeProgress');
export const imageProgressQuery = defineQuery<ImageProgress>('imageProgress');

export const composeAttribute = defineSearchAttributeKey('Compose', 'KEYWORD');
export const imageAttribute = defineSearchAttributeKey('Image', 'KEYWORD');
export const architectureAttribute = defineSearchAttributeKey('Architecture', 'KEYWORD');
export const phaseAttribute = defineSearchAttributeKey('Phase', 'KEYWORD');

/** To be registered at the Temporal server before the first workflow starts. */
export const SEARCH_ATTRIBUTES = [
  { name: composeAttribute.name, type: 'Keyword' },
  { name: imageAttribute.name, type: 'Keyword' },
  { name: architectureAttribute.name, type: 'Keyword' },
  { name: phaseAttribute.name, type: 'Keyword' },
] as const;
