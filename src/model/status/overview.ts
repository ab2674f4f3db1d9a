/** The status of composes and images, as the terminal, the JSON, the page and the metrics show it: plain data, times in ISO 8601. */

import type { FailureReport } from './failure-report.js';
import type { Hold } from '../progress/progress.js';
import type { OperatorAct } from '../progress/operator.js';
import type { ImageOutcome, RegionState, Step, StepState } from '../progress/progress.js';
import type { TestRecord } from '../progress/test-record.js';
import type { Arch } from '../ids/variant.js';
import type { Untested } from '../plan/untested.js';

export type Outcome = 'running' | 'ended' | 'terminated' | ImageOutcome;

/** What a person should look at, the most urgent first; the values of the search attribute `Attention`. */
export const ATTENTIONS = [
  'failed',
  'no-worker',
  'approval',
  'region-waits',
  'left-out',
  'paused',
  'retrying',
] as const;
export type Attention = (typeof ATTENTIONS)[number];

/** What a person can do now. */
export interface NextAct {
  readonly act: 'approve' | 'resume' | 'retry' | 'skip' | 'publish-again' | 'sweep' | 'worker';
  /** What it does, in a few words. */
  readonly what: string;
  /** The whole command line. */
  readonly command: string;
  /** Of `retry` and `skip`. */
  readonly regions: readonly string[];
}

/** Bytes that a program on an instance has moved. */
export interface Transfer {
  readonly step: Step;
  /** `download`, `verify`, `write`, `read-back` or `blank-check`. */
  readonly phase: string;
  readonly bytes: number;
  /** 0 when the size is unknown. */
  readonly totalBytes: number;
  /** When the bytes were counted; null when that is unknown. */
  readonly at: string | null;
  /** Since when the bytes have not moved; null when that is unknown. */
  readonly stillSince: string | null;
  /** What keeps the bytes from moving is known: it is among the troubles. */
  readonly isBlocked: boolean;
}

/** A wait for AWS that is under way. */
export interface Wait {
  readonly step: Step | null;
  readonly region: string | null;
  /** `the SSM agent of i-0123`, `snapshot copy`. */
  readonly what: string;
  readonly since: string | null;
  readonly expectedSeconds: number | null;
  /** When fedimg stops waiting. */
  readonly limitSeconds: number | null;
  /** As AWS reports it, in jumps. */
  readonly percent: number | null;
  /** Of the instance that is waited for: the first is 1. */
  readonly attempt: { readonly number: number; readonly of: number } | null;
  /** What AWS shows of it, such as the last lines of a console. */
  readonly detail: string | null;
}

/** Work that makes no progress: why, since when, and when it is tried again. */
export interface Trouble {
  /** Its attempt failed, or an attempt under way is held up and tries by itself. */
  readonly kind: 'failed' | 'held-up';
  readonly step: Step | null;
  readonly region: string | null;
  /** The work in words: `copy to eu-west-1`. */
  readonly what: string;
  readonly type: string;
  readonly code: string | null;
  readonly reason: string;
  /** When the last attempt failed, or since when it has made no progress. */
  readonly since: string | null;
  readonly attempt: number;
  /** Null when no next try is planned. */
  readonly nextTryAt: string | null;
  /** What the operator can do about it; null when it may end by itself. */
  readonly next: string | null;
}

export interface StepOverview {
  readonly step: Step;
  readonly state: StepState;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** A rough guess. */
  readonly expectedSeconds: number | null;
}

/** One AMI that the plan has for a region. */
export interface VariantOverview {
  /** `hvm-gp3` */
  readonly variant: string;
  readonly name: string;
  /** `removed`: the run undid it. `not-wanted`: EC2 cannot have it there. */
  readonly state: 'waiting' | 'registered' | 'public' | 'private' | 'removed' | 'not-wanted';
  readonly ami: string | null;
  readonly snapshot: string | null;
  readonly tested: boolean;
  readonly reason: string | null;
}

/** `removed` and `not-begun`: where a run that ended left no AMI. */
export type RegionOverviewState = RegionState | 'removed' | 'not-begun';

export interface RegionOverview {
  readonly region: string;
  readonly isHome: boolean;
  readonly required: boolean;
  readonly state: RegionOverviewState;
  readonly since: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** As AWS reports the snapshot copy, in jumps. */
  readonly percent: number | null;
  readonly attempt: number;
  readonly reason: string | null;
  readonly nextTryAt: string | null;
  /** What the operator can do about a failed region, in words. */
  readonly next: string | null;
  /** When a region that waits for the operator, or that is late, is left out. */
  readonly dueAt: string | null;
  readonly variants: readonly VariantOverview[];
}

interface RunOverview {
  readonly workflowId: string;
  readonly runId: string;
  /** What commands take: a compose's id, or an image's workflow id. */
  readonly id: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly outcome: Outcome;
  /** A cancellation was requested, and the run has not ended yet. */
  readonly isCancelling: boolean;
  readonly attention: Attention | null;
  /** Null when all is well. */
  readonly reason: string | null;
  readonly next: readonly NextAct[];
  readonly failure: FailureReport | null;
  /** Why this may be old or incomplete: no worker answers. */
  readonly note: string | null;
  /** The run's timeline in the Temporal UI. */
  readonly link: string | null;
}

export interface ImageOverview extends RunOverview {
  readonly kind: 'image';
  readonly compose: string | null;
  readonly release: string | null;
  readonly image: string;
  readonly arch: Arch | null;
  /** Published by hand, without a compose. */
  readonly isByHand: boolean;
  readonly homeRegion: string | null;
  /** The step under way, else the last one that began. */
  readonly step: Step | null;
  readonly expectedSeconds: number | null;
  readonly steps: readonly StepOverview[];
  readonly transfer: Transfer | null;
  readonly waits: readonly Wait[];
  readonly troubles: readonly Trouble[];
  readonly regions: readonly RegionOverview[];
  /** The regions that the others wait for, and until when. */
  readonly patience: Patience | null;
  readonly hold: Hold | null;
  readonly tests: readonly TestRecord[];
  /** Virtualization types without a test, which therefore have no AMI. */
  readonly untested: readonly Untested[];
  readonly acts: readonly OperatorAct[];
  /** Messages that the broker did not take, each with the reason. */
  readonly unsent: readonly string[];
}

/** Complete regions that become public when the late ones are complete or left out. */
export interface Patience {
  readonly until: string;
  readonly late: readonly string[];
  /** How many complete regions wait. */
  readonly waiting: number;
}

export interface ComposeOverview extends RunOverview {
  readonly kind: 'compose';
  readonly compose: string;
  readonly release: string | null;
  readonly state: 'waiting' | 'reading' | 'publishing' | 'done' | 'failed' | 'cancelled' | null;
  /** pungi's last status. */
  readonly pungi: string | null;
  readonly images: readonly ImageOverview[];
  /** Configured, but not in the compose. */
  readonly absent: readonly string[];
}

export type Overview = ImageOverview | ComposeOverview;
