/** The right of one attempt to act: it ends before Temporal may give the attempt's work to another one. */

import { randomUUID } from 'node:crypto';
import type { HeartbeatStamp } from '../model/heartbeat.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';

export interface AttemptKey {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
  /** From 1. */
  readonly attempt: number;
}

/**
 * Temporal counts an attempt's heartbeat time-out from the last heartbeat that it has recorded, and nobody tells
 * a sender which one that was. So each bears the time at which it was sent, and who reads it there renews the lease.
 */
export class Lease {
  readonly of: AttemptKey;
  readonly beganMs = performance.now();
  readonly #id = randomUUID();
  readonly #boundMs: number;
  readonly #end = new AbortController();
  #recordedMs = this.beganMs;

  /** `boundMs`: this long after the last heartbeat that Temporal has, and the attempt is lost. */
  constructor(of: AttemptKey, boundMs: number) {
    this.of = of;
    this.#boundMs = boundMs;
  }

  /** Aborts with the reason when the attempt must stop. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  stamp(): HeartbeatStamp {
    return { lease: this.#id, sentMs: performance.now() };
  }

  /** Temporal has the heartbeat with this stamp; that of an earlier attempt is none of this one's. */
  recorded({ lease, sentMs }: HeartbeatStamp): void {
    if (lease === this.#id) this.#recordedMs = Math.max(this.#recordedMs, sentMs);
  }

  /** To be called now and then: what waits for nothing but time would not notice otherwise. */
  check(): void {
    if (performance.now() - this.#recordedMs > this.#boundMs)
      this.#end.abort(outOfTouch(this.#boundMs));
  }

  /** Another attempt has the work, or nobody has it any more. */
  lose(): void {
    this.#end.abort(replaced());
  }

  /** Throws when the attempt must not act any more; goes by the clock, whatever timer has had its turn. */
  assertHeld(): void {
    this.check();
    this.signal.throwIfAborted();
  }
}

function outOfTouch(boundMs: number): ServiceError {
  return lost(
    'out-of-touch',
    `Temporal has no heartbeat of this attempt for ${Math.round(boundMs / 1000)} s: another one may be at this work`,
    "It is tried again; if that repeats, look at the network between the worker and Temporal, at what else runs on its machine, and at Temporal's database.",
  );
}

function replaced(): ServiceError {
  return lost(
    'replaced',
    'Temporal has given this work to another attempt, or has ended the run',
    'Nothing needs to be done: what this attempt made is found by the one that goes on, or by the sweep.',
  );
}

function lost(code: string, message: string, next: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, message, { code, class: 'unreachable', next });
}
