/** The heartbeat of an attempt, and the signal that ends the attempt. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { cancellationSignal, Context } from '@temporalio/activity';
import type { ObstacleSink } from '../../aws/obstacles.js';
import { reportingObstacles } from '../../aws/obstacles.js';
import type { Heartbeat } from '../../model/progress/heartbeat.js';
import { beatIntervalMs, HEARTBEAT_TIMEOUT_MS } from '../../model/progress/heartbeat.js';
import { AttemptState } from './attempt-state.js';
import { heldLease } from './fence.js';
import type { Lease } from './lease.js';

/** Up to this time-out, each report is sent at once; the SDK sends one in two seconds, at most. */
const PROMPT_TIMEOUT_MS = HEARTBEAT_TIMEOUT_MS;

/** Up to this one, a new phase is. A copy's many regions would cost as many actions. */
const PHASE_TIMEOUT_MS = 120_000;

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

export interface HeartbeatOptions {
  /** The work is over in a moment and changes nothing in AWS: it needs no heartbeat at its begin. */
  readonly isShort?: boolean;
}

/** Runs `work` with a heartbeat that shows where it is, and what holds it up; `report` changes what it shows. */
export async function heartbeating<T>(
  first: Heartbeat,
  work: (report: (beat: Heartbeat) => void, signal: AbortSignal) => Promise<T>,
  { isShort = false }: HeartbeatOptions = {},
): Promise<T> {
  // The context is taken now: a shared poll calls `report` in the context of the attempt that started the poll.
  const context = Context.current();
  const lease = heldLease();
  const region = regions.getStore();
  const state = new AttemptState(first, context.info.heartbeatDetails);
  const timeoutMs = context.info.heartbeatTimeoutMs ?? HEARTBEAT_TIMEOUT_MS;
  const beat = () => {
    timer.refresh();
    context.heartbeat({
      ...state.beat(),
      attempt: context.info.attempt,
      timeoutSeconds: timeoutMs / 1_000,
      ...(region === undefined ? {} : { region }),
      ...(lease === undefined ? {} : { stamp: lease.stamp() }),
    });
  };
  const timer = setInterval(beat, beatIntervalMs(timeoutMs));
  if (!isShort) beat();
  // Temporal answers a heartbeat with the request to cancel.
  lease?.whenCalled(beat);
  const report = (next: Heartbeat) => {
    const isNewPhase = state.moved(next);
    const isUrgent = timeoutMs <= PROMPT_TIMEOUT_MS;
    if (isUrgent || (isNewPhase && timeoutMs <= PHASE_TIMEOUT_MS)) beat();
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

export function waitingFor(phase: string, percent?: number): Heartbeat {
  return { version: 1, kind: 'wait', phase, ...(percent === undefined ? {} : { percent }) };
}
