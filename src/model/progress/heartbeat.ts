/** The details of heartbeats: typed and versioned, because the command line and the next attempt read them. */

import type { FailureClass } from '../errors.js';

/** What holds up an attempt that goes on trying by itself. Times are ISO. */
export interface Obstacle {
  readonly class: FailureClass;
  /** What happened, without a secret: `EC2 answers RequestLimitExceeded in eu-west-1`. */
  readonly message: string;
  readonly region?: string;
  readonly since: string;
  readonly nextTryAt?: string;
}

interface Attempted {
  readonly version: 1;
  /** From 1. Temporal keeps the last heartbeat of an earlier attempt until the new one sends its own. */
  readonly attempt?: number;
  /** When the phase, the bytes or the percentage last changed; an earlier attempt's time if this one is not further. ISO. */
  readonly movedAt?: string;
  /** Where the activity works, if it works in one region. */
  readonly region?: string;
  /** How long Temporal waits for the next heartbeat; 30 s where it is not named. */
  readonly timeoutSeconds?: number;
  readonly obstacle?: Obstacle;
}

export interface WriteHeartbeat extends Attempted {
  readonly kind: 'write';
  /** `download`, `verify`, `write`, `read-back` or `blank-check`; `test` for the test script. */
  readonly phase: string;
  readonly bytes: number;
  /** 0 when the size is unknown. */
  readonly totalBytes: number;
}

export interface WaitHeartbeat extends Attempted {
  readonly kind: 'wait';
  /** The awaited event, such as `snapshot copy`. */
  readonly phase: string;
  /** As AWS reports it, in jumps. */
  readonly percent?: number;
  /** When this wait began, ISO 8601, and when it is given up. */
  readonly since?: string;
  readonly limitSeconds?: number;
  /** Which instance is waited for: the first is 1. */
  readonly instance?: { readonly number: number; readonly of: number };
  /** What AWS shows of it, such as the last lines of a console. */
  readonly detail?: string;
}

/** Temporal does not list the input of an activity: its heartbeat names the region. */
export type Heartbeat = (WriteHeartbeat | WaitHeartbeat) & { readonly region?: string };

/** The attempt that sent the heartbeat, and when: in ms of that attempt's own clock, so only it can compare them. */
export interface HeartbeatStamp {
  readonly lease: string;
  readonly sentMs: number;
}

/** Temporal notices after this time that a worker was killed, paused or cut off. Longer ones are in the profiles. */
export const HEARTBEAT_TIMEOUT_MS = 30_000;

/** How long an attempt has stopped before Temporal starts the next one: its last call to AWS may still be on its way. */
export const LAST_CALL_MS = HEARTBEAT_TIMEOUT_MS * 0.2;

/** An attempt with this heartbeat time-out stops this long after its last recorded heartbeat; `scale` is `timing.scale`. */
export function outOfTouchMs(heartbeatTimeoutMs = HEARTBEAT_TIMEOUT_MS, scale = 1): number {
  return heartbeatTimeoutMs - LAST_CALL_MS * scale;
}

/** Up to this time-out, news are worth a heartbeat of their own, and several are sent within it. */
const QUICK_TIMEOUT_MS = 60_000;
const QUICK_BEATS = 6;

/** Of a long time-out: when one heartbeat is lost, the next still comes in time. */
const SLOW_BEAT = 0.45;

/** Between two heartbeats of an attempt that has no news. Each one that Temporal records costs an action. */
export function beatIntervalMs(timeoutMs = HEARTBEAT_TIMEOUT_MS): number {
  return timeoutMs <= QUICK_TIMEOUT_MS ? timeoutMs / QUICK_BEATS : timeoutMs * SLOW_BEAT;
}
