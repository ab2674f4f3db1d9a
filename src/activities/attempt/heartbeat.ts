/** The heartbeat of an attempt, and the signal that ends the attempt. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { cancellationSignal, Context } from '@temporalio/activity';
import type { ObstacleSink } from '../../aws/obstacles.js';
import { reportingObstacles } from '../../aws/obstacles.js';
import type { Heartbeat } from '../../model/progress/heartbeat.js';
import { HEARTBEAT_TIMEOUT_MS } from '../../model/progress/heartbeat.js';
import { AttemptState } from './attempt-state.js';
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

/** Runs an attempt whose heartbeats name its region. */
export function inRegion<T>(region: string | undefined, attempt: () => Promise<T>): Promise<T> {
  return regions.run(region, attempt);
}

const regions = new AsyncLocalStorage<string | undefined>();

/** Runs `work` with a heartbeat that shows where it is, and what holds it up; `report` sends a new one. */
export async function heartbeating<T>(
  first: Heartbeat,
  work: (report: (beat: Heartbeat) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // The context is taken now: a shared poll calls `report` in the context of the attempt that started the poll.
  const context = Context.current();
  const lease = heldLease();
  const region = regions.getStore();
  const state = new AttemptState(first, context.info.heartbeatDetails);
  const beat = () =>
    context.heartbeat({
      ...state.beat(),
      attempt: context.info.attempt,
      ...(region === undefined ? {} : { region }),
      ...(lease === undefined ? {} : { stamp: lease.stamp() }),
    });
  const timer = setInterval(beat, beatIntervalMs(context.info.heartbeatTimeoutMs));
  beat();
  const report = (next: Heartbeat) => {
    state.moved(next);
    beat();
  };
  let isOver = false;
  const hinder: ObstacleSink = (what, hindrance) => {
    // The poll that this attempt has started may go on for others.
    if (!isOver && state.hindered(what, hindrance)) beat();
  };
  const signal = activitySignal(lease);
  try {
    return await reportingObstacles(hinder, () => work(report, signal));
  } finally {
    isOver = true;
    clearInterval(timer);
  }
}

/** Between two heartbeats of an attempt that has no news. */
export function beatIntervalMs(timeoutMs = HEARTBEAT_TIMEOUT_MS): number {
  return timeoutMs / HEARTBEATS_WITHIN_TIMEOUT;
}

export function waitingFor(phase: string, percent?: number): Heartbeat {
  return { version: 1, kind: 'wait', phase, ...(percent === undefined ? {} : { percent }) };
}
