/** Why a pending activity is not done yet: the reason, since when, and the next try. */

import type { FailureClass } from '../errors.js';
import type { Heartbeat } from '../progress/heartbeat.js';
import { beatIntervalMs, HEARTBEAT_TIMEOUT_MS } from '../progress/heartbeat.js';
import type { FailureReport } from './failure-report.js';

/**
 * - `moving`: its bytes or its phase changed a moment ago.
 * - `waiting`: it waits for AWS, for a guest or for the broker, which is usual.
 * - `obstacle`: a service refuses or does not answer, and the attempt goes on trying by itself.
 * - `retry`: the attempt failed, and Temporal starts the next one at `nextTryAt`.
 * - `worker`: no worker has taken it, or its worker is silent.
 */
export type WaitKind = 'moving' | 'waiting' | 'obstacle' | 'retry' | 'worker';

export interface ActivityWait {
  readonly kind: WaitKind;
  /** One line for people. */
  readonly reason: string;
  readonly class: FailureClass | null;
  readonly region: string | null;
  /** Since when it has made no progress, earlier attempts included; null when that is unknown. ISO. */
  readonly stillSince: string | null;
  /** ISO; null while no next try is planned. */
  readonly nextTryAt: string | null;
}

export interface ActivityTimes {
  readonly isStarted: boolean;
  readonly startedMs: number | undefined;
  readonly beatMs: number | undefined;
  readonly scheduledMs: number | undefined;
}

interface Pending extends ActivityTimes {
  readonly attempt: number;
  readonly heartbeat: Heartbeat | null;
  readonly lastFailure: FailureReport | null;
  readonly nextAttemptAt: string | null;
}

/** A program on a guest reports every 10 s, and its report takes a few seconds more. */
export const STANDSTILL_MS = 30_000;

/** Counted in the intervals of its heartbeats: after this, at least one is missing. */
const SILENT_INTERVALS = 1.5;

/** Also a busy worker sends its heartbeats in this time. */
const SILENT_MS_MIN = HEARTBEAT_TIMEOUT_MS / 2;

/** A queue with a worker hands work over at once. */
const UNTAKEN_MS = 5_000;

/** Whether a rate or a time left would mislead: the bytes have not moved for half a minute, or the cause is known. */
export function standsStill({ kind, stillSince }: ActivityWait, nowMs: number): boolean {
  if (kind === 'obstacle' || kind === 'retry' || kind === 'worker') return true;
  return stillSince !== null && nowMs - Date.parse(stillSince) > STANDSTILL_MS;
}

export function waitOf(activity: Pending, nowMs: number): ActivityWait {
  const { heartbeat, lastFailure, nextAttemptAt, isStarted } = activity;
  const region = heartbeat?.region ?? lastFailure?.region ?? null;
  const base = { region, class: null, stillSince: stillSince(activity), nextTryAt: null };
  const silent = silence(activity, nowMs);
  if (silent !== undefined) return { ...base, kind: 'worker', reason: silent };
  if (lastFailure !== null && !isStarted) {
    const failureClass = lastFailure.class ?? null;
    const failed = { reason: lastFailure.message, class: failureClass, nextTryAt: nextAttemptAt };
    return { ...base, kind: 'retry', ...failed };
  }
  const isOwn = heartbeat?.attempt === undefined || heartbeat.attempt === activity.attempt;
  const obstacle = isOwn ? heartbeat?.obstacle : undefined;
  if (obstacle !== undefined) {
    return {
      kind: 'obstacle',
      reason: obstacle.message,
      class: obstacle.class,
      region: obstacle.region ?? region,
      stillSince: base.stillSince ?? obstacle.since,
      nextTryAt: obstacle.nextTryAt ?? null,
    };
  }
  if (lastFailure !== null && !hasMoved(activity)) {
    const reason = `the attempt before failed: ${lastFailure.message}`;
    return { ...base, kind: 'obstacle', reason, class: lastFailure.class ?? null };
  }
  const wait = { ...base, kind: 'waiting', reason: phaseText(heartbeat) } as const;
  const isMoving = heartbeat?.kind === 'write' && !standsStill(wait, nowMs);
  return isMoving ? { ...wait, kind: 'moving' } : wait;
}

/** Whether this attempt has got further than the attempt before. */
function hasMoved({ heartbeat, startedMs = 0 }: Pending): boolean {
  if (heartbeat === null) return false;
  return heartbeat.movedAt === undefined || Date.parse(heartbeat.movedAt) > startedMs;
}

/** Why no worker acts; undefined while one does. */
function silence(activity: Pending, nowMs: number): string | undefined {
  const { isStarted, beatMs, startedMs, scheduledMs = nowMs, lastFailure } = activity;
  if (!isStarted) {
    if (nowMs - scheduledMs < UNTAKEN_MS) return undefined;
    const before = lastFailure === null ? '' : `; the attempt before: ${lastFailure.message}`;
    return `no worker has taken it for ${seconds(nowMs - scheduledMs)}${before}`;
  }
  const lastMs = Math.max(beatMs ?? 0, startedMs ?? 0);
  const timeoutSeconds = activity.heartbeat?.timeoutSeconds ?? HEARTBEAT_TIMEOUT_MS / 1_000;
  const timeoutMs = timeoutSeconds * 1_000;
  if (
    lastMs === 0 ||
    nowMs - lastMs < Math.max(SILENT_MS_MIN, SILENT_INTERVALS * beatIntervalMs(timeoutMs))
  )
    return undefined;
  return `its worker has been silent for ${seconds(nowMs - lastMs)}; Temporal starts another attempt after ${seconds(timeoutMs)}`;
}

/** The scheduled time of a retry may be in the future, so the start of the attempt before comes first. */
function stillSince({ heartbeat, startedMs, scheduledMs }: Pending): string | null {
  if (heartbeat?.movedAt !== undefined) return heartbeat.movedAt;
  const ms = startedMs ?? scheduledMs;
  return ms === undefined ? null : new Date(ms).toISOString();
}

function phaseText(heartbeat: Heartbeat | null): string {
  if (heartbeat === null) return 'the attempt begins';
  if (heartbeat.kind === 'write') return heartbeat.phase;
  const { phase, percent } = heartbeat;
  return percent === undefined
    ? `waits for ${phase}`
    : `waits for ${phase}, AWS reports ${percent}%`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
