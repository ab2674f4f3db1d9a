/** What one image's publication will do, frozen in history before anything is made. */

import type { RunRef } from '../ids/run-ref.js';
import type { ComposeImage } from '../compose/compose.js';
import type { PublishedAs } from './published-as.js';
import type { Origin } from '../ids/tags.js';
import type { Arch, Variant, VolumeType } from '../ids/variant.js';

/** An image and the compose that it belongs to. */
export interface ImageRequest {
  readonly composeId: string;
  readonly release: string;
  /** `RC-1.7`; absent for a compose without one. */
  readonly label?: string;
  readonly image: ComposeImage;
}

export interface WantedAmi {
  readonly variant: Variant;
  /** The AMI's name, unique in its region. */
  readonly name: string;
  readonly description: string;
  /** The PV kernel (AKI) of a paravirtual AMI. */
  readonly kernel?: string;
}

export interface LeftOutAmi {
  readonly variant: Variant;
  readonly name: string;
  readonly reason: string;
}

export interface RegionPlan {
  readonly regionName: string;
  readonly required: boolean;
  readonly wanted: readonly WantedAmi[];
  readonly leftOut: readonly LeftOutAmi[];
  /** Why nothing can be published in this region; nothing is tried there. */
  readonly unusable?: string;
}

/** Where an instance may run; tried in order. */
export interface Placement {
  readonly instanceType: string;
  readonly zone?: string;
}

export interface UtilityPlan {
  readonly ami: string;
  readonly arch: Arch;
  readonly rootDevice: string;
  readonly rootSizeGiB: number;
  readonly placements: readonly Placement[];
  readonly instanceProfile?: string;
  readonly subnet?: string;
  readonly securityGroup?: string;
  /** Of the volume that the image is written to. */
  readonly volumeType: VolumeType;
  readonly volumeSizeGiB: number;
  readonly deadManMinutes: number;
}

export interface TestPlan {
  readonly transport: 'ssm' | 'console';
  readonly variants: readonly Variant[];
  /** The configured script itself: a change of the file does not reach a run that has begun. */
  readonly script: string;
  readonly timeoutSeconds: number;
  readonly instanceTypes: readonly string[];
  readonly instanceProfile?: string;
  readonly subnet?: string;
  readonly securityGroup?: string;
  readonly deadManMinutes: number;
  /** What a failed test leaves is kept for inspection for this long; undefined: it is removed. */
  readonly keepFailedMs?: number;
}

export interface ImagePlan {
  readonly origin: Origin;
  readonly arch: Arch;
  readonly url: string;
  /** Where the redirects of `url` lead to, unless that is signed: history keeps no such thing. */
  readonly downloadUrl: string;
  /** Of the compressed file; undefined when nobody named one. */
  readonly sha256: string | undefined;
  /** From the xz index; undefined when the server has no ranges. */
  readonly rawSizeBytes: number | undefined;
  readonly compressedSizeBytes: number | undefined;
  readonly homeRegion: string;
  readonly home: RegionPlan;
  readonly copies: readonly RegionPlan[];
  readonly utility: UtilityPlan;
  readonly test: TestPlan;
  readonly registration: RegistrationPlan;
  readonly makePublic: boolean;
  readonly minRateBytesPerSecond: number;
  readonly regionPatienceMs: number;
  /** Absent where the release has no number, so that today's consumers cannot be told. */
  readonly publishedAs?: PublishedAs;
  /** An earlier run published this very image: nothing is left to do. */
  readonly published?: readonly RegisteredAmi[];
}

export interface RegistrationPlan {
  readonly rootDevice: string;
  readonly bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred';
  readonly ena: boolean;
  readonly imdsV2: boolean;
  /** The AMIs' names, with region and variant left open; absent in runs that an older worker planned. */
  readonly names?: string;
  /** The keys of the variants that are tested. */
  readonly tests?: readonly string[];
}

/** An AMI that EC2 has acknowledged. */
export interface RegisteredAmi {
  readonly regionName: string;
  readonly variant: Variant;
  readonly name: string;
  readonly ami: string;
  readonly snapshot: string;
  /** The account: without it, a name or an id says nothing of who made the AMI. */
  readonly owner?: string;
  /** Of what an earlier run published: which run, and whether this variant was tested. */
  readonly made?: { readonly by: RunRef; readonly tested: boolean };
  /** Of what an earlier run completed and kept private, as the configuration says. */
  readonly isPrivate?: true;
}
