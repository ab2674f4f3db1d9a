/** What a workflow reports beside its history, for metrics. A replayed workflow does not report again. */

import type { ImageOutcome, Step, StepState } from './progress.js';

export interface StepEnded {
  readonly step: Step;
  readonly state: Extract<StepState, 'done' | 'failed'>;
  readonly seconds: number;
}

// A type, because only a type has the index signature that the SDK asks for.
export type RunEvents = {
  readonly stepEnded: (event: StepEnded) => void;
  readonly publicationClosed: (outcome: ImageOutcome) => void;
};

/** The sinks of a worker, as Temporal's SDK names what a workflow may call outside of its sandbox. */
export type RunSinks = { readonly runEvents: RunEvents };
