/** What is given to, and comes back from, the acts that bring an image into its home region: from its compose to its AMIs. */

import type { Origin } from '../../model/ids/tags.js';
import type { Arch } from '../../model/ids/variant.js';
import type { CompleteRequest } from '../../model/plan/completion.js';
import type {
  DirectPlan,
  ImageRequest,
  RegionPlan,
  RegistrationPlan,
  UtilityPlan,
} from '../../model/plan/plan.js';

export interface ComposeImages {
  readonly requests: readonly ImageRequest[];
  /** Images that are configured but missing in the compose, as `Cloud_Base aarch64`. */
  readonly absent: readonly string[];
}

export interface PlanInput {
  readonly request: ImageRequest;
  readonly workflowId: string;
  readonly runId: string;
  readonly complete?: CompleteRequest;
}

export interface InstanceRef {
  readonly regionName: string;
  readonly instanceId: string;
}

export interface UtilityInstance extends InstanceRef {
  readonly volumeId: string;
  readonly volumeSizeGiB: number;
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

/** What the read-back of the volume confirmed. */
export interface WrittenImage {
  /** Of the compressed file as it was downloaded. */
  readonly sha256: string;
  readonly rawSha256: string;
  readonly rawSizeBytes: number;
}

export interface SnapshotVolumeInput {
  readonly origin: Origin;
  readonly utility: UtilityInstance;
  readonly rawSha256: string;
}

/** The bytes that every snapshot of a run must hold. */
export interface SnapshotSource {
  readonly regionName: string;
  readonly snapshot: string;
  readonly rawSha256: string;
}

/** Without a utility instance: the worker writes the snapshot through the EBS direct APIs. */
export interface WriteDirectInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly direct: DirectPlan;
  /** Raised when EBS gives the snapshot up: another one never continues it. */
  readonly generation: number;
  readonly url: string;
  readonly sha256: string | undefined;
  readonly rawSizeBytes: number | undefined;
  readonly minRateBytesPerSecond: number;
}

/** The snapshot, and what was read back from it. */
export interface WrittenSnapshot extends WrittenImage, SnapshotSource {}

export interface RegisterImagesInput {
  readonly origin: Origin;
  readonly arch: Arch;
  readonly registration: RegistrationPlan;
  readonly regionPlan: RegionPlan;
  readonly snapshot: string;
  readonly rawSha256: string;
}
