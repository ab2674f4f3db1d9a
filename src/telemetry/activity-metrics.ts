/** Counts what activities did, from what they return: only a finished attempt counts. */

import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  Next,
} from '@temporalio/worker';
import type { ResourceType } from '../model/sweep/sweep.js';
import type { WorkerMetrics } from './worker-metrics.js';

/** What this reads of the two activities; their whole types are those of `activities`. */
interface PublishedRegion {
  readonly regionName: string;
  readonly amis: readonly unknown[];
}
interface Removed {
  readonly removed: readonly { readonly type: ResourceType }[];
}

export class ActivityMetrics implements ActivityInboundCallsInterceptor {
  readonly #activityType: string;
  readonly #metrics: WorkerMetrics;

  constructor(activityType: string, metrics: WorkerMetrics) {
    this.#activityType = activityType;
    this.#metrics = metrics;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const result = await next(input);
    if (this.#activityType === 'publishRegion') {
      const { regionName, amis } = input.args[0] as PublishedRegion;
      this.#metrics.amisPublished(regionName, amis.length);
    } else if (this.#activityType === 'removeStrays') {
      this.#metrics.swept((result as Removed).removed.map(({ type }) => type));
    }
    return result;
  }
}
