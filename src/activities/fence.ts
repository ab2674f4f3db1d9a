/** Keeps an attempt from acting once Temporal may have given its work to another one. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';
import type { CallGate } from '../aws/call-gate.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';

/**
 * A worker that was paused, or cut off from Temporal, for nearly a heartbeat time-out must take its attempts
 * for lost: each may have a successor by now. `seen` is called whenever Temporal has answered.
 */
export class Fence {
  readonly #boundMs: number;
  #seenAtMs = performance.now();
  #epoch = new AbortController();

  /** `boundMs`: this long without an answer, and all attempts under way are lost. */
  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  seen(): void {
    this.check();
    this.#seenAtMs = performance.now();
  }

  /** To be called now and then: breaks what is held when Temporal was silent for too long. */
  check(): void {
    if (!this.#isStale()) return;
    const broken = this.#epoch;
    this.#epoch = new AbortController();
    broken.abort(lostTouch(this.#boundMs));
  }

  /** What an attempt that begins now holds. */
  lease(): Lease {
    const { signal } = this.#epoch;
    return {
      signal,
      assertHeld: () => {
        // An answer that waited in the socket is read before any timer: the clock is asked each time.
        this.check();
        signal.throwIfAborted();
        if (this.#isStale()) throw lostTouch(this.#boundMs);
      },
    };
  }

  #isStale(): boolean {
    return performance.now() - this.#seenAtMs > this.#boundMs;
  }
}

export interface Lease {
  /** Aborts with the reason when the attempt must stop. */
  readonly signal: AbortSignal;
  /** Throws when the attempt must not act any more. */
  assertHeld(): void;
}

const leases = new AsyncLocalStorage<Lease>();

/** Runs an attempt that holds this lease. */
export function holding<T>(lease: Lease, attempt: () => Promise<T>): Promise<T> {
  return leases.run(lease, attempt);
}

/** The lease of the attempt that is running; undefined where nobody fences. */
export function heldLease(): Lease | undefined {
  return leases.getStore();
}

/** Lets no call with an effect pass for an attempt that has lost its lease, and says who calls. */
export function attemptGate(version: string): CallGate {
  return {
    admit: (action) => {
      // A shared poller's reads outlive the attempt that started it.
      if (!/^(?:Describe|Get|List)/.test(action)) heldLease()?.assertHeld();
    },
    sender: () => {
      const info = currentInfo();
      if (info === undefined) return `fedimg/${version}`;
      const { workflowExecution, activityType, activityId, attempt } = info;
      const workflowId = printableToken(workflowExecution?.workflowId ?? 'none');
      return `fedimg/${version} (${workflowId}; ${activityType}; ${activityId}; ${attempt})`;
    },
  };
}

function currentInfo(): Context['info'] | undefined {
  try {
    return Context.current().info;
  } catch {
    return undefined;
  }
}

/** A header's comment: no control character, no bracket, no separator of ours. */
function printableToken(text: string): string {
  return text.replace(/[^\x21-\x7e]|[();]/g, '_').slice(0, 200);
}

function lostTouch(boundMs: number): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the worker was out of touch with Temporal for ${Math.round(boundMs / 1000)} s: another one may be at this work`,
    {
      code: 'out-of-touch',
      class: 'unreachable',
      next: 'It is tried again; if that repeats, look at the network between the worker and Temporal, and at what else runs on its machine.',
    },
  );
}
