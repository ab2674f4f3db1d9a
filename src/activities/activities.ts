/** The activities as workflows see them: one coarse, repeatable act a step and region. */

import type { Announcement } from '../model/progress/announcement.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import type {
  ImagePlan,
  ImageRequest,
  RegionPlan,
  RegisteredAmi,
  RegistrationPlan,
  TestPlan,
  UtilityPlan,
} from '../model/plan/plan.js';
import type { LeftOutRegion } from '../model/plan/plan-tags.js';
import type { TestRecord } from '../model/progress/progress.js';
import type { SweepItem, UnreconciledRun } from '../model/sweep/sweep.js';
import type { Origin, StepTag } from '../model/ids/tags.js';
import type { Arch, Variant } from '../model/ids/variant.js';

export interface InstanceRef {
  readonly regionName: string;
  readonly instanceId: string;
}

export interface UtilityInstance extends InstanceRef {
  readonly volumeId: string;
  readonly volumeSizeGiB: number;
}

/** What a read-back of the volume proved. */
export interface WrittenImage {
  /** Of the compressed file as it was downloaded. */
  readonly sha256: string;
  readonly rawSha256: string;
  readonly rawSizeBytes: number;
}

/** The bytes that every snapshot of a run must hold. */
export interface SnapshotSource {
  readonly regionName: string;
  readonly snapshot: string;
  readonly rawSha256: string;
}

export interface PlanInput {
  readonly request: ImageRequest;
  readonly workflowId: string;
  readonly runId: string;
}

export interface LaunchUtilityInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly utility: UtilityPlan;
  /** Raised when the instance or its volume was lost: nothing half-written is taken up again. */
  readonly generation: number;
}

export interface WriteImageInput {
  readonly origin: Origin;
  readonly utility: UtilityInstance;
  readonly url: string;
  readonly sha256: string | undefined;
  readonly rawSizeBytes: number | undefined;
  readonly compressedSizeBytes: number | undefined;
  readonly minRateBytesPerSecond: number;
}

export interface SnapshotVolumeInput {
  readonly origin: Origin;
  readonly utility: UtilityInstance;
  readonly rawSha256: string;
}

export interface RegisterImagesInput {
  readonly origin: Origin;
  readonly arch: Arch;
  readonly registration: RegistrationPlan;
  readonly regionPlan: RegionPlan;
  readonly snapshot: string;
  readonly rawSha256: string;
}

export interface LaunchTestInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly arch: Arch;
  readonly test: TestPlan;
  readonly ami: RegisteredAmi;
  readonly generation: number;
}

export interface RunTestInput {
  readonly origin: Origin;
  readonly test: TestPlan;
  readonly ami: RegisteredAmi;
  readonly instance: InstanceRef;
}

export interface CopyToRegionInput {
  readonly origin: Origin;
  readonly arch: Arch;
  readonly registration: RegistrationPlan;
  readonly regionPlan: RegionPlan;
  readonly source: SnapshotSource;
}

export interface PublishRegionInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly amis: readonly RegisteredAmi[];
  /** Only a snapshot whose tag has this hash, the tested one's, is made public. */
  readonly rawSha256: string;
  /** Each of these must have passed: evidence of the same run. */
  readonly variantsToTest: readonly Variant[];
  readonly tests: readonly Pick<TestRecord, 'variant' | 'exitStatus'>[];
}

export interface KeepRegionInput {
  readonly regionName: string;
  readonly amis: readonly RegisteredAmi[];
}

export interface NoteLeftOutInput {
  /** Of the AMIs that carry the note. */
  readonly regionName: string;
  readonly amis: readonly string[];
  readonly leftOut: readonly LeftOutRegion[];
}

export interface KeepFailedInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly steps: readonly StepTag[];
  /** ISO 8601; the sweep removes it then. */
  readonly until: string;
}

export interface UndoRegionInput {
  readonly origin: Origin;
  readonly regionName: string;
  /** Last made first. */
  readonly steps: readonly StepTag[];
  /** AMIs may have become public a moment ago, which EC2 may not show yet. */
  readonly mayBePublic?: boolean;
}

export interface UndoneRegion {
  readonly removed: readonly string[];
  /** Public AMIs: what is public is never removed by a failure. */
  readonly kept: readonly string[];
  /** What could not be removed, with the reason; the sweep goes on with it. */
  readonly left: readonly string[];
  /** AMIs that may be public could not be looked at. */
  readonly unseen?: true;
}

/** What one sweep goes by, read once from the configuration of the worker. */
export interface SweepPlan {
  /** All that are enabled in the account. */
  readonly regions: readonly string[];
  readonly graceMs: number;
  readonly maxRemovals: number;
  /** How long a sick region is asked before it is left to the next sweep. */
  readonly regionPatienceMs: number;
}

export interface FindStraysInput {
  readonly deployment: string;
  readonly regionName: string;
  readonly graceMs: number;
  /** No more strays are told than one sweep may remove. */
  readonly straysMax: number;
}

export interface FoundStrays {
  /** In the order of their removal. */
  readonly strays: readonly SweepItem[];
  /** Strays beyond `straysMax`. */
  readonly more: number;
  readonly kept: readonly SweepItem[];
  readonly keptCount: number;
  readonly unreconciled: readonly UnreconciledRun[];
}

export interface RemoveStraysInput {
  readonly deployment: string;
  readonly regionName: string;
  readonly graceMs: number;
  /** Nothing else is removed, however often this is tried. */
  readonly strays: readonly SweepItem[];
}

export interface RemovedStrays {
  readonly removed: readonly SweepItem[];
  readonly left: readonly SweepItem[];
}

export interface ComposeImages {
  readonly requests: readonly ImageRequest[];
  /** Configured, but not in the compose: `Cloud_Base aarch64`. */
  readonly absent: readonly string[];
}

/** What became of a batch of messages. */
export interface AnnounceReport {
  /** So many of its first ones are dealt with: sent, or refused for good. */
  readonly handled: number;
  /** Each with the reason. */
  readonly refused: readonly string[];
}

export interface Activities {
  readCompose(message: ComposeMessage): Promise<ComposeImages>;
  planImage(input: PlanInput): Promise<ImagePlan>;
  launchUtilityInstance(input: LaunchUtilityInput): Promise<UtilityInstance>;
  writeImage(input: WriteImageInput): Promise<WrittenImage>;
  /** Snapshots the volume, then destroys it. */
  snapshotVolume(input: SnapshotVolumeInput): Promise<SnapshotSource>;
  registerImages(input: RegisterImagesInput): Promise<RegisteredAmi[]>;
  terminateInstance(instance: InstanceRef): Promise<void>;
  launchTestInstance(input: LaunchTestInput): Promise<InstanceRef>;
  /** Fails with EC2TestException, output included, when the script exits non-zero. */
  runTest(input: RunTestInput): Promise<TestRecord>;
  copyToRegion(input: CopyToRegionInput): Promise<RegisteredAmi[]>;
  publishRegion(input: PublishRegionInput): Promise<void>;
  /** Marks results that stay private, so that no sweep takes them for strays. */
  keepRegion(input: KeepRegionInput): Promise<void>;
  /** Says on AMIs that stay which regions lack theirs, and why. */
  noteLeftOut(input: NoteLeftOutInput): Promise<void>;
  /** Tags what a failed test leaves with the end of its stay; answers the ids. */
  keepFailed(input: KeepFailedInput): Promise<string[]>;
  undoRegion(input: UndoRegionInput): Promise<UndoneRegion>;
  announce(announcements: readonly Announcement[]): Promise<AnnounceReport>;
  /** Fails when the worker is one of another deployment. */
  planSweep(deployment: string): Promise<SweepPlan>;
  /** Changes nothing. */
  findStrays(input: FindStraysInput): Promise<FoundStrays>;
  removeStrays(input: RemoveStraysInput): Promise<RemovedStrays>;
}
