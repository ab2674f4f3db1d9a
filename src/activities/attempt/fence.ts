/** Keeps an attempt from acting once Temporal may have given its work to another one. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';
import type { CallGate } from '../../aws/call-gate.js';
import type { RunRef } from '../../model/ids/run-ref.js';
import type { HeartbeatStamp } from '../../model/progress/heartbeat.js';
import type { AttemptKey } from './lease.js';
import { Lease } from './lease.js';

/** What Temporal says of an activity that is not done. */
export interface PendingAttempt {
  readonly activityId: string;
  readonly attempt: number;
  /** Of the last heartbeat, which may be an earlier attempt's. */
  readonly stamp: HeartbeatStamp | undefined;
}

/** The leases of all attempts under way in this worker. */
export class Fence {
  readonly #boundMs: number;
  readonly #leases = new Set<Lease>();
  #onDoubt: (run: RunRef) => void = () => undefined;

  /** `boundMs`: without a recorded heartbeat for this long, an attempt is lost. */
  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  /** `lastsMs`: what Temporal gives the attempt in all. */
  lease(of: AttemptKey, lastsMs = Infinity): Lease {
    const settings = { boundMs: this.#boundMs, lastsMs, onDoubt: () => this.#onDoubt(of) };
    const lease = new Lease(of, settings);
    this.#leases.add(lease);
    return lease;
  }

  /** The attempt has ended: what it left running, such as a call beside the one that failed, acts no more. */
  release(lease: Lease): void {
    this.#leases.delete(lease);
    lease.lose();
  }

  /** The runs of which Temporal is to be asked. */
  runs(): RunRef[] {
    const runs = [...this.#leases].map(({ of }) => [of.runId, of] as const);
    return [...new Map(runs).values()];
  }

  /** `listener` hears of each run of which Temporal is to be asked at once. */
  whenInDoubt(listener: (run: RunRef) => void): void {
    this.#onDoubt = listener;
  }

  /** Whether an attempt of this run waits for Temporal's word. */
  isInDoubt({ runId }: RunRef): boolean {
    return [...this.#leases].some((lease) => lease.of.runId === runId && lease.isInDoubt);
  }

  check(): void {
    for (const lease of this.#leases) lease.check();
  }

  /** What Temporal answered to a question that was asked at `askedMs` by the lease clock. */
  told(run: RunRef, pending: readonly PendingAttempt[], askedMs: number): void {
    for (const lease of this.#leases) {
      const { runId, activityId, attempt } = lease.of;
      // Of an attempt that began meanwhile, the answer may not know.
      if (runId !== run.runId || lease.beganMs > askedMs) continue;
      const current = pending.find((one) => one.activityId === activityId);
      if (current?.attempt !== attempt) lease.lose();
      else if (current.stamp !== undefined) lease.recorded(current.stamp);
    }
  }
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
    admit: async (action) => {
      // A shared poller's reads outlive the attempt that started it.
      if (!/^(?:Describe|Get|List)/.test(action)) await heldLease()?.held();
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
