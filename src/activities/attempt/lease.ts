/** The right of one attempt to act: it ends before Temporal may give the attempt's work to another one. */

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
  /** This long after the last heartbeat that Temporal has, and the attempt is lost. */
  readonly boundMs: number;
  /** No attempt has longer, whatever heartbeats it sends. */
  readonly lastsMs: number;
  /** Called when the attempt waits for Temporal's word. */
  readonly onDoubt: () => void;
}

/**
 * Temporal counts an attempt's heartbeat time-out from the last heartbeat that it has recorded, and nobody tells
 * a sender which one that was. So each bears the time at which it was sent, and who reads it there renews the lease.
 * When an attempt began is no proof: Temporal may have handed it, long ago, to a worker that was paused.
 */
export class Lease {
  readonly of: AttemptKey;
  /** By the lease clock. */
  readonly beganMs = leaseClockMs();
  readonly #id = randomUUID();
  readonly #settings: LeaseSettings;
  readonly #end = new AbortController();
  /** Aborts when it is known whether the attempt may act. */
  readonly #decision = new AbortController();
  #recordedMs: number | undefined;
  #isDoubted = false;

  constructor(of: AttemptKey, settings: LeaseSettings) {
    this.of = of;
    this.#settings = settings;
    // Each of an attempt's first calls listens: a sweep has dozens, and Node takes eleven for a leak.
    setMaxListeners(0, this.#decision.signal);
  }

  /** The attempt waits until Temporal has a heartbeat of it. */
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

  /** Temporal has the heartbeat with this stamp; that of an earlier attempt is none of this one's. */
  recorded({ lease, sentMs }: HeartbeatStamp): void {
    if (lease !== this.#id) return;
    this.#recordedMs = Math.max(this.#recordedMs ?? 0, sentMs);
    this.#decision.abort();
  }

  /** To be called now and then: what waits for nothing but time would not notice otherwise. */
  check(): void {
    const { boundMs, lastsMs } = this.#settings;
    const nowMs = leaseClockMs();
    if (nowMs - (this.#recordedMs ?? this.beganMs) > boundMs) this.#endWith(outOfTouch(boundMs));
    if (nowMs - this.beganMs > lastsMs) this.#endWith(timeUp(lastsMs));
  }

  /** Another attempt has the work, or nobody has it any more. */
  lose(): void {
    this.#endWith(replaced());
  }

  /** Resolves when the attempt may act; rejects when it must not, by the clock, whatever timer has had its turn. */
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
    `Temporal has no heartbeat of this attempt for ${Math.round(boundMs / 1000)} s: another one may be at this work`,
    "It is tried again; if that repeats, look at the network between the worker and Temporal, at what else runs on its machine, and at Temporal's database.",
  );
}

function timeUp(lastsMs: number): ServiceError {
  return lost(
    'time-up',
    `this attempt has had its ${Math.round(lastsMs / 1000)} s: another one may be at this work`,
    'It is tried again while there is time; if that repeats, look at what is slow: the image server, SSM, or the region.',
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
