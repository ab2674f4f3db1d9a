/** How long one piece of an activity may take, over all its attempts, from the moment when it could begin. */

import { setMaxListeners } from 'node:events';
import { activityInfo } from '@temporalio/activity';
import type { RegionAccess } from '../../aws/region-access.js';
import type { WaitHeartbeat } from '../../model/progress/heartbeat.js';
import { EC2_SERVICE_EXCEPTION, REGION_LATE, ServiceError } from '../../model/errors.js';

type Since = Pick<WaitHeartbeat, 'since' | 'limitSeconds'>;

export class Patience {
  readonly #ec2: RegionAccess;
  readonly #limitMs: number | undefined;
  readonly #end = new AbortController();
  readonly #over = new AbortController();
  #since: string | undefined;

  /** Undefined: without a limit. An earlier attempt's begin is in its heartbeat. */
  constructor(ec2: RegionAccess, limitMs: number | undefined) {
    this.#ec2 = ec2;
    this.#limitMs = limitMs;
    const { since } = (activityInfo().heartbeatDetails ?? {}) as Since;
    if (since !== undefined) this.begin(since);
  }

  /** For each heartbeat, so that the next attempt goes on with the same time. */
  get beat(): Since {
    if (this.#since === undefined || this.#limitMs === undefined) return {};
    return { since: this.#since, limitSeconds: Math.round(this.#limitMs / 1_000) };
  }

  /** The time runs from now on, unless it runs already. */
  begin(since = new Date(this.#ec2.clock.now()).toISOString()): void {
    const limitMs = this.#limitMs;
    if (limitMs === undefined || this.#since !== undefined) return;
    this.#since = since;
    const leftMs = Math.max(0, Date.parse(since) + limitMs - this.#ec2.clock.now());
    this.#ec2.clock
      .delay(leftMs, this.#over.signal)
      .then(() => this.#end.abort(late(this.#ec2)))
      .catch(() => undefined);
  }

  /** Does the work until it ends, `untilCancelled` aborts or the time is over: then it fails with the reason. */
  async bound<T>(
    untilCancelled: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.any([untilCancelled, this.#end.signal]);
    // Each call and each wait adds a listener.
    setMaxListeners(0, signal);
    try {
      return await work(signal);
    } catch (error) {
      // The reason instead of the aborted call's own error.
      if (this.#end.signal.aborted && !untilCancelled.aborted)
        throw this.#end.signal.reason as Error;
      throw error;
    } finally {
      this.#over.abort();
    }
  }
}

function late(ec2: RegionAccess): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `not complete within region_patience, which began with the copy's turn in ${ec2.name}`,
    {
      code: REGION_LATE,
      class: 'refused',
      next: 'Check the region in AWS Health. If the region is healthy but slow, raise publish.region_patience.',
      region: ec2.name,
    },
  );
}
