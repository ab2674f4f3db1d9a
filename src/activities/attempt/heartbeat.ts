/** The heartbeat of an attempt, and the signal that ends the attempt. */

import { setMaxListeners } from 'node:events';
import { cancellationSignal, Context } from '@temporalio/activity';
import type { Heartbeat } from '../../model/progress/heartbeat.js';
import { HEARTBEAT_TIMEOUT_MS } from '../../model/progress/heartbeat.js';
import { heldLease } from './fence.js';
import type { Lease } from './lease.js';

/** Several within the time-out, so that Temporal does not count a worker as lost after one lost heartbeat. */
const HEARTBEATS_WITHIN_TIMEOUT = 6;

/** Aborts when the activity is cancelled, or when another attempt may have taken over its work. */
function activitySignal(lease: Lease | undefined): AbortSignal {
  const cancelled = cancellationSignal();
  const signal = lease === undefined ? cancelled : AbortSignal.any([cancelled, lease.signal]);
  // Each call and each wait adds a listener; four AMIs need more than the ten at which Node warns.
  setMaxListeners(0, signal);
  return signal;
}

/** Runs `work` with a heartbeat that shows where it is; `report` sends a new one. */
export async function heartbeating<T>(
  first: Heartbeat,
  work: (report: (beat: Heartbeat) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let latest = first;
  // The context is taken now: a shared poll calls `report` in the context of the attempt that started the poll.
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
