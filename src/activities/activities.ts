/** The activities as workflows see them: one coarse act for each step and region, safe to repeat. */

import type { Channel, Notification } from '../model/notification.js';
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
import type { Untested } from '../model/plan/untested.js';
import type { CompleteRequest } from '../model/plan/completion.js';
import type { LeftOutRegion } from '../model/plan/plan-tags.js';
import type { TestRecord } from '../model/progress/progress.js';
import type { Installation } from '../model/ids/installation.js';
import type { OtherInstallation, SweepItem, UnreconciledRun } from '../model/sweep/sweep.js';
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

/** What the read-back of the volume confirmed. */
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
  readonly complete?: CompleteRequest;
}

export interface LaunchUtilityInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly utility: UtilityPlan;
  /** Raised when the instance or its volume is lost: a new pair never continues a half-written volume. */
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
  /** Which instance of this test it is; for people. */
  readonly attempt?: { readonly number: number; readonly of: number };
}

export interface LeaveOutUntestedInput {
  readonly regionName: string;
  readonly untested: Untested;
  /** The AMIs of this type: they are deregistered. */
  readonly amis: readonly string[];
  /** The snapshot and the other AMIs: they get the note. */
  readonly kept: readonly string[];
}

export interface CopySnapshotInput {
  readonly origin: Origin;
  /** The region of the copy. */
  readonly regionName: string;
  readonly source: SnapshotSource;
}

export interface CopyToRegionInput {
  readonly origin: Origin;
  readonly arch: Arch;
  readonly registration: RegistrationPlan;
  readonly regionPlan: RegionPlan;
  readonly source: SnapshotSource;
  /** From the moment when the copy could begin, over all attempts; without it only the run's own timer bounds the region. */
  readonly patienceMs?: number;
  /** An earlier activity of this run may have made the copy: it began with the test, or the operator has retried the region. */
  readonly mayExist?: true;
}

export interface PublishRegionInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly amis: readonly RegisteredAmi[];
  /** The hash of the tested bytes. Only a snapshot with this hash in its tag becomes public. */
  readonly rawSha256: string;
  /** Each of these must have a passed test in `tests`, which are those of the same run. */
  readonly variantsToTest: readonly Variant[];
  readonly tests: readonly Pick<TestRecord, 'variant' | 'exitStatus'>[];
}

export interface KeepRegionInput {
  readonly regionName: string;
  readonly amis: readonly RegisteredAmi[];
}

export interface NoteLeftOutInput {
  /** The region of the AMIs that get the note. */
  readonly regionName: string;
  readonly amis: readonly string[];
  readonly leftOut: readonly LeftOutRegion[];
  /** How many more tags an AMI may have. */
  readonly room: number;
}

export interface KeepFailedInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly steps: readonly StepTag[];
  /** ISO 8601: the sweep removes the resources after this time. */
  readonly until: string;
}

/** What stays in one region when its run is over. */
export interface RegionResult {
  readonly regionName: string;
  /** AMIs and snapshots. */
  readonly ids: readonly string[];
  /** False: the run launches instances elsewhere. */
  readonly hasInstances?: boolean;
}

export interface RemoveSurplusInput {
  readonly origin: Origin;
  readonly regions: readonly RegionResult[];
}

export interface RemovedSurplus {
  /** `snap-1 in eu-west-1` */
  readonly removed: readonly string[];
  /** The same with AWS's reason; the sweep tries again. */
  readonly left: readonly string[];
}

export interface UndoRegionInput {
  readonly origin: Origin;
  readonly regionName: string;
  /** The step that was made last comes first. */
  readonly steps: readonly StepTag[];
  /** AMIs may have become public a moment ago, and EC2 may not show it yet. */
  readonly mayBePublic?: boolean;
}

export interface UndoneRegion {
  readonly removed: readonly string[];
  /** Public AMIs: a failure never removes what is public. */
  readonly kept: readonly string[];
  /** What AWS refused to remove, with the reason; the sweep tries again later. */
  readonly left: readonly string[];
  /** AMIs may be public, and EC2 did not list them. */
  readonly unseen?: true;
}

/** What one sweep works with, read once from the worker's configuration. */
export interface SweepPlan {
  readonly installation: Installation;
  /** All regions that are enabled in the account. */
  readonly regions: readonly string[];
  readonly graceMs: number;
  readonly maxRemovals: number;
  /** After this, a region that does not answer is left to the next sweep. */
  readonly regionPatienceMs: number;
}

export interface FindStraysInput {
  readonly deployment: string;
  readonly regionName: string;
  readonly graceMs: number;
  /** The most strays that one sweep may remove; further ones are only counted. */
  readonly straysMax: number;
}

export interface FoundStrays {
  /** In the order of removal. */
  readonly strays: readonly SweepItem[];
  /** Strays beyond `straysMax`. */
  readonly more: number;
  readonly kept: readonly SweepItem[];
  readonly keptCount: number;
  readonly unreconciled: readonly UnreconciledRun[];
  readonly others: readonly OtherInstallation[];
}

export interface RemoveStraysInput {
  readonly deployment: string;
  readonly regionName: string;
  readonly graceMs: number;
  /** Only these are removed, also when the activity is repeated. */
  readonly strays: readonly SweepItem[];
}

export interface RemovedStrays {
  readonly removed: readonly SweepItem[];
  readonly left: readonly SweepItem[];
}

export interface ComposeImages {
  readonly requests: readonly ImageRequest[];
  /** Images that are configured but missing in the compose, as `Cloud_Base aarch64`. */
  readonly absent: readonly string[];
}

/** The result of sending a batch of messages. */
export interface AnnounceReport {
  /** How many of the first messages were sent or finally refused. */
  readonly handled: number;
  /** The finally refused messages, each with the reason. */
  readonly refused: readonly string[];
}

export interface SendNotificationInput {
  readonly channel: Channel;
  readonly notification: Notification;
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
  /** Deregisters the AMIs of a virtualization type that could not be tested, and notes why on the others. */
  leaveOutUntested(input: LeaveOutUntestedInput): Promise<void>;
  /** Begins the copy and does not wait for it; returns the id of the snapshot. */
  copySnapshot(input: CopySnapshotInput): Promise<string>;
  copyToRegion(input: CopyToRegionInput): Promise<RegisteredAmi[]>;
  publishRegion(input: PublishRegionInput): Promise<void>;
  /** Marks results that stay private, so that a sweep does not remove them as strays. */
  keepRegion(input: KeepRegionInput): Promise<void>;
  /** Tags the published AMIs with the regions that were left out, and why. */
  noteLeftOut(input: NoteLeftOutInput): Promise<void>;
  /** Tags the AMIs and snapshots of a failed test with the time until which they are kept; returns their ids. */
  keepFailed(input: KeepFailedInput): Promise<string[]>;
  undoRegion(input: UndoRegionInput): Promise<UndoneRegion>;
  /** Removes what the run made in these regions and what is neither public nor in its result. */
  removeSurplus(input: RemoveSurplusInput): Promise<RemovedSurplus>;
  announce(announcements: readonly Announcement[]): Promise<AnnounceReport>;
  /** Notifies people by one channel. */
  sendNotification(input: SendNotificationInput): Promise<void>;
  /** Fails when the worker belongs to another deployment. */
  planSweep(deployment: string): Promise<SweepPlan>;
  /** Only reads. */
  findStrays(input: FindStraysInput): Promise<FoundStrays>;
  removeStrays(input: RemoveStraysInput): Promise<RemovedStrays>;
}
