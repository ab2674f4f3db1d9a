/** The state of a publication: one type for the query, the result, the page and the command line. */

import type { RunRef } from '../ids/run-ref.js';
import type { RegisteredAmi } from '../plan/plan.js';
import type { Untested } from '../plan/untested.js';
import type { OperatorAct } from './operator.js';
import type { TestRecord } from './test-record.js';
import type { Arch, Variant, Virtualization, VolumeType } from '../ids/variant.js';

export const STEPS = [
  'plan',
  'utility',
  'write',
  'register',
  'retire',
  'test',
  'copy',
  'publish',
] as const;
export type Step = (typeof STEPS)[number];

export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
/** `waiting-for-operator`: it failed, and waits for `retry` or `skip` as long as region_patience allows. */
export type RegionState =
  | 'waiting'
  | 'copying'
  | 'copied'
  | 'publishing'
  | 'published'
  | 'private'
  | 'waiting-for-operator'
  | 'failed'
  | 'left-out';

export interface StepProgress {
  readonly state: StepState;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

export interface RegionProgress {
  readonly region: string;
  readonly state: RegionState;
  readonly reason?: string;
  /** What the operator can do about a failed region. */
  readonly next?: string;
  /** Of a region that waits for the operator: what it was doing when it failed. */
  readonly heldIn?: 'copying' | 'copied' | 'publishing';
  /** Of a region that waits for the operator: when it is left out, ISO 8601. */
  readonly dueAt?: string;
  /** When the state began, ISO 8601. */
  readonly since?: string;
  /** When the copy began, and when the region was complete. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Without a required region the image is not published. */
  readonly required?: boolean;
  /** Every AMI that the plan has for the region: `reason` is that of one that EC2 cannot have there. */
  readonly planned?: readonly PlannedAmi[];
  /** Of a failed region: the AMIs that were public before it failed and stay public. */
  readonly amis: readonly RegisteredAmi[];
}

export interface PlannedAmi {
  readonly variant: Variant;
  readonly name: string;
  readonly reason?: string;
}

/** Why a run does not begin its next step. */
export interface Hold {
  readonly for: 'approval' | 'resume';
  /** The step that waits. */
  readonly before: Step;
  /** ISO 8601. */
  readonly since: string;
}

export interface ImageProgress {
  readonly workflowId: string;
  readonly composeId: string;
  readonly image: string;
  readonly arch: Arch;
  readonly outcome: ImageOutcome | 'running';
  readonly steps: Readonly<Record<Step, StepProgress>>;
  readonly regions: readonly RegionProgress[];
  readonly tests: readonly TestRecord[];
  /** Virtualization types that are left out, because they could not be tested. */
  readonly untested?: readonly Untested[];
  readonly failure?: string;
  /** Messages that were not sent, each with the reason. */
  readonly unsent?: readonly string[];
  /** Why the next step does not begin. */
  readonly hold?: Hold;
  /** What operators did, the earliest first. */
  readonly acts?: readonly OperatorAct[];
  /** Absent before the plan. */
  readonly homeRegion?: string;
  /** About how many seconds each step takes. */
  readonly expectedSeconds?: Readonly<Partial<Record<Step, number>>>;
  /** When `publish.region_patience` leaves out the regions that are still copied, ISO 8601. */
  readonly copiesDueAt?: string;
}

export type ImageOutcome =
  'published' | 'partly-published' | 'already-published' | 'failed' | 'cancelled';

/** One row of the catalogue; `ami: null` comes with a reason. */
export interface AmiRecord {
  readonly compose: string;
  readonly release: string;
  readonly image: string;
  readonly arch: Arch;
  readonly virt: Virtualization;
  readonly volumeType: VolumeType;
  readonly region: string;
  readonly ami: string | null;
  readonly snapshot: string | null;
  readonly name: string;
  readonly public: boolean;
  /** Whether an instance of this variant, with these bytes, passed the test script before any AMI became public. */
  readonly tested: boolean;
  readonly reason?: string;
  readonly label?: string;
  readonly subvariant?: string;
  /** The account whose AMI it is. */
  readonly owner?: string;
  /** The run that made it, where another run lists it. */
  readonly run?: RunRef;
}

export interface FailedRegion {
  readonly region: string;
  readonly reason: string;
  /** What the operator can do. */
  readonly next?: string;
}

export interface ImageResult {
  readonly workflowId: string;
  readonly outcome: Exclude<ImageOutcome, 'failed' | 'cancelled'>;
  readonly amis: readonly AmiRecord[];
  /** Of the raw image. The snapshots of all regions hold its bytes, followed by zeros. */
  readonly rawSha256: string | null;
  readonly rawSizeBytes: number | null;
  readonly tests: readonly TestRecord[];
  readonly failedRegions: readonly FailedRegion[];
  /** Virtualization types that are left out, because they could not be tested. */
  readonly untested?: readonly Untested[];
  /** Messages that were not sent, each with the reason. */
  readonly unsent?: readonly string[];
  /** What operators did, the earliest first. */
  readonly acts?: readonly OperatorAct[];
}

export interface ComposeProgress {
  readonly composeId: string;
  readonly state: 'waiting' | 'reading' | 'publishing' | 'done' | 'failed' | 'cancelled';
  readonly status: string;
  readonly images: readonly {
    readonly workflowId: string;
    readonly image: string;
    readonly arch: Arch;
    readonly state: 'running' | ImageOutcome;
    readonly reason?: string;
  }[];
  /** Configured, but not in the compose: `Cloud_Base aarch64`. */
  readonly absent?: readonly string[];
}

export interface ComposeResult {
  readonly composeId: string;
  readonly outcome: 'published' | 'partly-published' | 'already-published' | 'ended';
  /** Why a compose that ended has no images: pungi doomed or terminated it. */
  readonly reason?: string;
  readonly images: readonly ImageResult[];
  /** Images that failed while others were published. */
  readonly failed?: readonly FailedImage[];
  readonly absent?: readonly string[];
}

export interface FailedImage {
  readonly workflowId: string;
  readonly image: string;
  readonly arch: Arch;
  readonly reason: string;
}

export function waitingSteps(): Record<Step, StepProgress> {
  return Object.fromEntries(STEPS.map((step) => [step, { state: 'waiting' }])) as Record<
    Step,
    StepProgress
  >;
}
