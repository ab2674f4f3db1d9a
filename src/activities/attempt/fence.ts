/** Stops an attempt from acting when Temporal may have started another attempt of the same activity. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';
import type { CallGate } from '../../aws/call-gate.js';
import type { RunRef } from '../../model/ids/run-ref.js';
import type { HeartbeatStamp } from '../../model/progress/heartbeat.js';
import type { AttemptKey } from './lease.js';
import { Lease } from './lease.js';

/** An activity that is not done, as Temporal describes it. */
export interface PendingAttempt {
  readonly activityId: string;
  readonly attempt: number;
  /** The stamp of the last heartbeat, which may be an earlier attempt's. */
  readonly stamp: HeartbeatStamp | undefined;
  /** The activity is to be cancelled or paused. */
  readonly isCalled?: boolean;
}

/** The leases of all attempts that run in this worker. */
export class Fence {
  readonly #boundOf: (heartbeatTimeoutMs?: number) => number;
  readonly #leases = new Set<Lease>();
  #onDoubt: (run: RunRef) => void = () => undefined;

  /** A lease ends this long after the last recorded heartbeat. */
  constructor(boundOf: number | ((heartbeatTimeoutMs?: number) => number)) {
    this.#boundOf = typeof boundOf === 'number' ? () => boundOf : boundOf;
  }

  /** `lastsMs`: the attempt's whole time-out. */
  lease(of: AttemptKey, lastsMs = Infinity, heartbeatTimeoutMs?: number): Lease {
    const settings = {
      boundMs: this.#boundOf(heartbeatTimeoutMs),
      lastsMs,
      onDoubt: () => this.#onDoubt(of),
    };
    const lease = new Lease(of, settings);
    this.#leases.add(lease);
    return lease;
  }

  /** The attempt has ended: calls that it left running can no longer act. */
  release(lease: Lease): void {
    this.#leases.delete(lease);
    lease.lose();
  }

  /** The runs that Temporal must be asked about. */
  runs(): RunRef[] {
    const runs = [...this.#leases].map(({ of }) => [of.runId, of] as const);
    return [...new Map(runs).values()];
  }

  /** `listener` is called for each run that Temporal must be asked about at once. */
  whenInDoubt(listener: (run: RunRef) => void): void {
    this.#onDoubt = listener;
  }

  /** Whether an attempt of this run waits until Temporal has recorded its first heartbeat. */
  isInDoubt({ runId }: RunRef): boolean {
    return [...this.#leases].some((lease) => lease.of.runId === runId && lease.isInDoubt);
  }

  /** Whether an attempt of any run waits for this. */
  get hasDoubt(): boolean {
    return [...this.#leases].some((lease) => lease.isInDoubt);
  }

  check(): void {
    for (const lease of this.#leases) lease.check();
  }

  /** Takes Temporal's answer to a question that was asked at `askedMs`, by the lease clock. */
  answered(run: RunRef, pending: readonly PendingAttempt[], askedMs: number): void {
    for (const lease of this.#leases) {
      const { runId, activityId, attempt } = lease.of;
      // The answer may be older than an attempt that began meanwhile.
      if (runId !== run.runId || lease.beganMs > askedMs) continue;
      const current = pending.find((one) => one.activityId === activityId);
      if (current?.attempt !== attempt) lease.lose();
      else if (current.stamp !== undefined) lease.recorded(current.stamp);
      if (current?.isCalled === true) lease.call();
    }
  }
}

const leases = new AsyncLocalStorage<Lease>();

/** Runs an attempt that holds this lease. */
export function holding<T>(lease: Lease, attempt: () => Promise<T>): Promise<T> {
  return leases.run(lease, attempt);
}

/** The lease of the attempt that is running; undefined outside of attempts and without a fence. */
export function heldLease(): Lease | undefined {
  return leases.getStore();
}

/** Refuses calls with an effect from an attempt that has lost its lease; names the attempt in the User-Agent. */
export function attemptGate(version: string): CallGate {
  return {
    admit: async (action) => {
      // A shared poll goes on after the attempt that started it, and only reads.
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

/** Without control characters, brackets and our separators, which a header's comment cannot hold. */
function printableToken(text: string): string {
  return text.replace(/[^\x21-\x7e]|[();]/g, '_').slice(0, 200);
}
