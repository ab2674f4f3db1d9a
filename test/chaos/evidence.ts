/** What a run is judged by: the cloud's log and listing, the bytes, the history. Nothing that a worker says of itself alone. */

import type { ImageProgress, ImageResult } from '../../src/model/progress/progress.js';
import type { Effect, ListedResource } from '../../src/simulator/index.js';
import type { Allowance } from './allowance.js';
import type { Message } from './crew.js';
import type { Schedule } from './schedule.js';

export type RunStatus =
  'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED' | 'RUNNING' | 'TIMED_OUT';

export interface SnapshotBytes {
  readonly region: string;
  readonly id: string;
  /** Of its first bytes, as many as the image has. */
  readonly sha256: string;
  /** Undefined where the rest was not read. */
  readonly restIsZero: boolean | undefined;
}

/** An accepted act, or an activity that the run scheduled. */
export type HandEvent =
  | { readonly act: string; readonly regions: readonly string[] }
  | { readonly activity: string; readonly region: string | undefined };

export interface HistoryFacts {
  readonly events: number;
  readonly largestPayloadBytes: number;
  /** Where the canary secret was found. */
  readonly secretIn: readonly string[];
  /** Causes of failed workflow tasks. */
  readonly taskFailures: readonly string[];
  /** Attempts of an activity after an error that is final. */
  readonly retriedFinal: readonly string[];
  /** Variants of which a test with exit status 0 is recorded, with the AMI's id and the time in ms. */
  readonly passedTests: readonly { readonly ami: string; readonly time: number }[];
  /** When Temporal accepted a cancel, in ms; undefined without one. */
  readonly cancelledAt: number | undefined;
  /** The operator's acts that the run accepted, and the activities that it scheduled, in the order of the history. */
  readonly hands: readonly HandEvent[];
  /** Why it does not replay; undefined when it does, or was not asked to. */
  readonly replayFailure: string | undefined;
}

export interface Evidence {
  readonly schedule: Schedule;
  readonly allowance: Allowance;
  readonly deployment: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly status: RunStatus;
  readonly result: ImageResult | undefined;
  readonly failure: string | undefined;
  readonly progress: ImageProgress | undefined;
  readonly elapsedMs: number;
  readonly boundMs: number;
  /** After the canaries were planted, up to the listing. */
  readonly effects: readonly Effect[];
  /** When the run had closed and nothing was under way any more. */
  readonly listing: readonly ListedResource[];
  /** After the sweep, where one was due. */
  readonly swept: readonly ListedResource[] | undefined;
  /** Planted before the run. */
  readonly canaries: readonly ListedResource[];
  readonly image: { readonly rawSha256: string; readonly sha256: string };
  readonly snapshots: readonly SnapshotBytes[];
  readonly history: HistoryFacts;
  readonly messages: readonly Message[];
  /** Lines of logs that tell the secret. */
  readonly logLeaks: readonly string[];
  /** Of an undisturbed run: `us-east-1 NAME` of each AMI, and how many calls with an effect were sent. */
  readonly reference: { readonly amis: readonly string[]; readonly changingCalls: number };
  /** The same image delivered once more, where that was tried: calls with an effect that it made. */
  readonly repeat: { readonly outcome: string; readonly effects: readonly Effect[] } | undefined;
}

/** A call that changed something. */
export function isEffect({ kind, changed }: Effect): boolean {
  return kind === 'call' && changed !== undefined && changed.length > 0;
}

/** Ids of the type that an effect changed. */
export function changedIds(effect: Effect, type: string): string[] {
  return (effect.changed ?? []).flatMap((name) => {
    const [table, , id] = name.split('/');
    return table === type && id !== undefined ? [id] : [];
  });
}

export interface Sender {
  readonly workflowId: string;
  readonly activityType: string;
  readonly activityId: string;
  readonly attempt: number;
}

/** Who made the call, by its User-Agent. */
export function senderOf({ userAgent = '' }: Effect): Sender | undefined {
  const match = /^fedimg\/\S+ \(([^;]+); ([^;]+); ([^;]+); (\d+)\)/.exec(userAgent);
  if (match === null) return undefined;
  const [, workflowId = '', activityType = '', activityId = '', attempt] = match;
  return { workflowId, activityType, activityId, attempt: Number(attempt) };
}
