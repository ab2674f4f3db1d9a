/** The right of one attempt to act. It ends before Temporal may start another attempt of the same activity. */

import { randomUUID } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import type { HeartbeatStamp } from '../../model/progress/heartbeat.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import { leaseClockMs } from './lease-clock.js';

export interface AttemptKey {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
  /** From 1. */
  readonly attempt: number;
}

export interface LeaseSettings {
  /** The lease ends this long after the last heartbeat that Temporal has recorded. */
  readonly boundMs: number;
  /** The lease ends after this in any case. */
  readonly lastsMs: number;
  /** Called when the attempt waits for Temporal to confirm its first heartbeat. */
  readonly onDoubt: () => void;
}

/**
 * Temporal counts an attempt's heartbeat time-out from the last heartbeat that it has recorded, and does not report
 * which one that was. So each heartbeat carries the time when it was sent, and the lease watch reads that time back
 * and renews the lease. The start of an attempt does not count as a heartbeat: Temporal may have handed the attempt,
 * long ago, to a worker that was paused since.
 */
export class Lease {
  readonly of: AttemptKey;
  /** By the lease clock. */
  readonly beganMs = leaseClockMs();
  readonly #id = randomUUID();
  readonly #settings: LeaseSettings;
  readonly #end = new AbortController();
  /** Aborts when the lease is confirmed or has ended. */
  readonly #decision = new AbortController();
  #onCall: () => void = () => undefined;
  #recordedMs: number | undefined;
  #isDoubted = false;

  constructor(of: AttemptKey, settings: LeaseSettings) {
    this.of = of;
    this.#settings = settings;
    // Each of an attempt's first calls adds a listener; a sweep makes dozens, and Node warns above ten.
    setMaxListeners(0, this.#decision.signal);
  }

  /** True while the attempt waits until Temporal has recorded a heartbeat of it. */
  get isInDoubt(): boolean {
    return this.#isDoubted && this.#recordedMs === undefined && !this.signal.aborted;
  }

  /** Aborts with the reason when the attempt must stop. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  stamp(): HeartbeatStamp {
    return { lease: this.#id, sentMs: leaseClockMs() };
  }

  /** Temporal has recorded the heartbeat with this stamp; one of an earlier attempt is ignored. */
  recorded({ lease, sentMs }: HeartbeatStamp): void {
    if (lease !== this.#id) return;
    this.#recordedMs = Math.max(this.#recordedMs ?? 0, sentMs);
    this.#decision.abort();
  }

  /** `listener` is to send a heartbeat at once. */
  whenCalled(listener: () => void): void {
    this.#onCall = listener;
  }

  /** Temporal has news for the attempt, such as its cancellation, and delivers them with the answer to a heartbeat. */
  call(): void {
    if (!this.signal.aborted) this.#onCall();
  }

  /** To be called at intervals: ends the lease when its time is over. */
  check(): void {
    const { boundMs, lastsMs } = this.#settings;
    const nowMs = leaseClockMs();
    if (nowMs - (this.#recordedMs ?? this.beganMs) > boundMs) this.#endWith(outOfTouch(boundMs));
    if (nowMs - this.beganMs > lastsMs) this.#endWith(timeUp(lastsMs));
  }

  /** Temporal has given the work to another attempt, or the activity has ended. */
  lose(): void {
    this.#endWith(replaced());
  }

  /** Resolves when the attempt may act; rejects when it must not. Goes by the clock, because timers may be late. */
  async held(): Promise<void> {
    if (this.#recordedMs === undefined) await this.#proved();
    this.check();
    this.signal.throwIfAborted();
  }

  async #proved(): Promise<void> {
    this.#isDoubted = true;
    this.#settings.onDoubt();
    const { signal } = this.#decision;
    if (!signal.aborted) await once(signal, 'abort');
  }

  #endWith(reason: ServiceError): void {
    this.#end.abort(reason);
    this.#decision.abort();
  }
}

function outOfTouch(boundMs: number): ServiceError {
  return lost(
    'out-of-touch',
    `Temporal has recorded no heartbeat of this attempt for ${Math.round(boundMs / 1000)} s, so another attempt may have begun`,
    "The activity is tried again. If this repeats, check the network between the worker and Temporal, the load of the worker's machine, and Temporal's database.",
  );
}

function timeUp(lastsMs: number): ServiceError {
  return lost(
    'time-up',
    `this attempt reached its time-out of ${Math.round(lastsMs / 1000)} s, so another attempt may have begun`,
    'The activity is tried again while the step has time. If this repeats, find out what is slow: the image server, SSM, or the region.',
  );
}

function replaced(): ServiceError {
  return lost(
    'replaced',
    'Temporal has started another attempt of this activity, or has ended the run',
    'You need not do anything: the next attempt or the sweep finds what this attempt made.',
  );
}

function lost(code: string, message: string, next: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, message, { code, class: 'unreachable', next });
}
