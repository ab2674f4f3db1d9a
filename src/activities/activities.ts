/** The activities as workflows see them: one coarse act for each step and region, safe to repeat. */

import type { ComposeMessage } from '../model/compose/compose-message.js';
import type { ImagePlan, RegisteredAmi } from '../model/plan/plan.js';
import type { Announcement } from '../model/progress/announcement.js';
import type { TestRecord } from '../model/progress/test-record.js';
import type {
  ComposeImages,
  InstanceRef,
  LaunchUtilityInput,
  PlanInput,
  RegisterImagesInput,
  SnapshotSource,
  SnapshotVolumeInput,
  UtilityInstance,
  WriteDirectInput,
  WriteImageInput,
  WrittenImage,
  WrittenSnapshot,
} from './shapes/image.js';
import type { AnnounceReport, SendNotificationInput } from './shapes/message.js';
import type {
  CopySnapshotInput,
  CopyToRegionInput,
  KeepRegionInput,
  NoteLeftOutInput,
  PublishRegionInput,
} from './shapes/region.js';
import type {
  FindStraysInput,
  FoundStrays,
  RemoveStraysInput,
  RemoveSurplusInput,
  RemovedStrays,
  RemovedSurplus,
  SweepPlan,
  UndoRegionInput,
  UndoneRegion,
} from './shapes/removal.js';
import type {
  KeepFailedInput,
  LaunchTestInput,
  LeaveOutUntestedInput,
  RunTestInput,
} from './shapes/test.js';

export interface Activities {
  /** The search attributes that the namespace has; a local activity, without a call. */
  usableAttributes(): Promise<readonly string[]>;
  readCompose(message: ComposeMessage): Promise<ComposeImages>;
  planImage(input: PlanInput): Promise<ImagePlan>;
  launchUtilityInstance(input: LaunchUtilityInput): Promise<UtilityInstance>;
  writeImage(input: WriteImageInput): Promise<WrittenImage>;
  /** Writes the image to a new snapshot and reads it back. */
  writeDirect(input: WriteDirectInput): Promise<WrittenSnapshot>;
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
