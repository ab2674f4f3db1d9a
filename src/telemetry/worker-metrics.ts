/** What one worker did: publications, steps, AMIs, calls, messages, removals. */

import { classifyAwsError } from '../aws/errors.js';
import type { AwsCall, CallObserver } from '../aws/call-observer.js';
import type { RunEvents } from '../model/progress/run-events.js';
import { STEPS } from '../model/progress/progress.js';
import { RESOURCE_TYPES } from '../model/sweep/sweep.js';
import type { ResourceType } from '../model/sweep/sweep.js';
import type { MetricRegistry } from './metric-registry.js';

/** From one second to two hours: a copy takes minutes, a write up to an hour. */
const STEP_BUCKETS = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];
/** A Describe call takes a tenth of a second; the SDK gives up after 30 s. */
const CALL_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const OUTCOMES = [
  'published',
  'partly-published',
  'already-published',
  'failed',
  'cancelled',
] as const;

/** A failed message is sent again later, a refused one is not. */
export const MESSAGE_RESULTS = ['sent', 'refused', 'failed'] as const;
export type MessageResult = (typeof MESSAGE_RESULTS)[number];

export class WorkerMetrics implements CallObserver {
  /** The sink that workflows report to. */
  readonly runEvents: RunEvents = {
    stepEnded: ({ step, state, seconds }) => this.#steps.observe({ step, result: state }, seconds),
    publicationClosed: (outcome) => this.#publications.inc({ outcome }),
  };
  readonly #publications;
  readonly #steps;
  readonly #amis;
  readonly #calls;
  readonly #callDuration;
  readonly #throttles;
  readonly #swept;
  readonly #messages;
  readonly #notifications;

  constructor(registry: MetricRegistry) {
    this.#publications = registry.counter('fedimg_publications_total', {
      help: 'Image publications that this worker saw close.',
      labels: ['outcome'],
    });
    this.#steps = registry.histogram('fedimg_step_duration_seconds', {
      help: 'How long a step of an image publication took.',
      labels: ['step', 'result'],
      buckets: STEP_BUCKETS,
    });
    this.#amis = registry.counter('fedimg_amis_published_total', {
      help: 'AMIs that this worker made public.',
      labels: ['region'],
    });
    this.#calls = registry.counter('fedimg_aws_calls_total', {
      help: 'Requests to AWS, each retry counted; the result is ok or the class of the error.',
      labels: ['service', 'action', 'region', 'result'],
    });
    this.#callDuration = registry.histogram('fedimg_aws_call_duration_seconds', {
      help: 'How long AWS took to answer a request.',
      labels: ['service', 'action'],
      buckets: CALL_BUCKETS,
    });
    this.#throttles = registry.counter('fedimg_aws_throttles_total', {
      help: 'Requests that AWS throttled.',
      labels: ['service', 'action', 'region'],
    });
    this.#swept = registry.counter('fedimg_swept_resources_total', {
      help: 'Stray resources that this worker removed for the sweep.',
      labels: ['type'],
    });
    this.#messages = registry.counter('fedimg_messages_total', {
      help: 'Messages to the broker by result; a failed one is sent again later.',
      labels: ['result'],
    });
    this.#notifications = registry.counter('fedimg_notifications_total', {
      help: 'Notifications to people by result; a failed one is sent again later.',
      labels: ['channel', 'result'],
    });
    this.#begin();
  }

  /** `increase()` cannot see a series that begins at 1, so each begins at 0 where its labels are known. */
  #begin(): void {
    for (const outcome of OUTCOMES) this.#publications.inc({ outcome }, 0);
    for (const step of STEPS) this.#steps.zero({ step, result: 'done' });
    for (const type of RESOURCE_TYPES) this.#swept.inc({ type }, 0);
    for (const result of MESSAGE_RESULTS) {
      this.#messages.inc({ result }, 0);
      for (const channel of ['webhook', 'mail']) this.#notifications.inc({ channel, result }, 0);
    }
  }

  async observe<T>(call: AwsCall, send: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const { service, action, regionName: region } = call;
    const ended = (result: string): void => {
      this.#calls.inc({ service, action, region, result });
      this.#callDuration.observe({ service, action }, (performance.now() - beganMs) / 1000);
    };
    try {
      const answer = await send();
      ended('ok');
      return answer;
    } catch (error) {
      const result = classifyAwsError(error)?.class ?? 'other';
      ended(result);
      if (result === 'throttled') this.#throttles.inc({ service, action, region });
      throw error;
    }
  }

  amisPublished(region: string, count: number): void {
    this.#amis.inc({ region }, count);
  }

  swept(types: readonly ResourceType[]): void {
    for (const type of types) this.#swept.inc({ type });
  }

  message(result: MessageResult): void {
    this.#messages.inc({ result });
  }

  notification(channel: string, result: MessageResult): void {
    this.#notifications.inc({ channel, result });
  }
}
