/** What activities are given, and how they heartbeat and hear of a cancellation. */

import { setMaxListeners } from 'node:events';
import { activityInfo, cancellationSignal, Context } from '@temporalio/activity';
import type { Aws } from '../../aws/region-access.js';
import type { RunRef } from '../../model/ids/run-ref.js';
import type { Clock } from '../../model/clock.js';
import type { Config } from '../../config/schema.js';
import type { Announcement } from '../../model/progress/announcement.js';
import type { Heartbeat } from '../../model/progress/heartbeat.js';
import { HEARTBEAT_TIMEOUT_MS } from '../../model/progress/heartbeat.js';
import type { RunState } from '../../model/sweep/sweep.js';
import type { UrlPolicy } from '../../fetch/url-policy.js';
import { heldLease } from './fence.js';
import type { Lease } from './lease.js';

/** Temporal's word on runs; rejects when it is out of reach, and never guesses then. */
export interface WorkflowRuns {
  /** `mayBeOld`: the run was closed when somebody asked before is answer enough. */
  stateOf(run: RunRef, options?: { readonly mayBeOld: boolean }): Promise<RunState>;
}

export interface ActivityContext {
  readonly aws: Aws;
  /** All waits for AWS and for guests go by it; heartbeats and leases go by Temporal's real time. */
  readonly clock: Clock;
  readonly config: Config;
  readonly urlPolicy: UrlPolicy;
  readonly runs: WorkflowRuns;
  /** Hands one message on: to the broker, or to the log where there is none. */
  send(announcement: Announcement): Promise<void>;
}

/** Several within the time-out, so that one lost heartbeat is no lost worker. */
const HEARTBEATS_WITHIN_TIMEOUT = 6;

/** Aborts when the activity is cancelled, or when it must stop because another attempt may be at its work. */
function activitySignal(lease: Lease | undefined): AbortSignal {
  const cancelled = cancellationSignal();
  const signal = lease === undefined ? cancelled : AbortSignal.any([cancelled, lease.signal]);
  // Each call and each wait listens: four AMIs are more than Node's ten at once.
  setMaxListeners(0, signal);
  return signal;
}

/** Whether an earlier attempt of this activity may have made what this one is to make. */
export function isRepeat(): boolean {
  return activityInfo().attempt > 1;
}

/** Since the activity was first scheduled, earlier attempts included; by real time, which Temporal stamped. */
export function waitedMs(): number {
  return Date.now() - activityInfo().scheduledTimestampMs;
}

/** Runs `work` with a heartbeat that says where it is; `report` changes what is said. */
export async function heartbeating<T>(
  first: Heartbeat,
  work: (report: (beat: Heartbeat) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let latest = first;
  // Through its own context: a shared poller reports in the context of whoever started it.
  const context = Context.current();
  const lease = heldLease();
  const beat = () =>
    context.heartbeat(lease === undefined ? latest : { ...latest, stamp: lease.stamp() });
  const timeoutMs = context.info.heartbeatTimeoutMs ?? HEARTBEAT_TIMEOUT_MS;
  const timer = setInterval(beat, timeoutMs / HEARTBEATS_WITHIN_TIMEOUT);
  beat();
  const report = (next: Heartbeat) => {
    latest = next;
    beat();
  };
  const signal = activitySignal(lease);
  try {
    return await work(report, signal);
  } finally {
    clearInterval(timer);
  }
}

export function waitingFor(phase: string, percent?: number): Heartbeat {
  return { version: 1, kind: 'wait', phase, ...(percent === undefined ? {} : { percent }) };
}
