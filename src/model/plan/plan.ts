/** What one image's publication will do, frozen in history before anything is made. */

import type { RunRef } from '../ids/run-ref.js';
import type { ComposeImage } from '../compose/compose.js';
import type { Completion } from './completion.js';
import type { PublicAmis } from './public-amis.js';
import type { PublishedAs } from './published-as.js';
import type { Approval } from './approval.js';
import type { Origin } from '../ids/tags.js';
import type { Arch, Variant, VolumeType } from '../ids/variant.js';
import type { Untested } from './untested.js';

/** An image and the compose that it belongs to. */
export interface ImageRequest {
  readonly composeId: string;
  readonly release: string;
  /** `RC-1.7`; absent for a compose without one. */
  readonly label?: string;
  readonly image: ComposeImage;
  /** The compose's images that are planned before this one: they take their part of the quota of public AMIs first. */
  readonly ahead?: readonly Pick<ComposeImage, 'name' | 'arch' | 'subvariant'>[];
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
  /** Why EC2 cannot publish in this region; the run leaves it out from the beginning. */
  readonly unusable?: string;
  /** No AMI of the account had one of the wanted names. Absent for required regions. */
  readonly namesAreFree?: true;
  /** Absent where AMIs stay private or the region was not asked. */
  readonly publicAmis?: PublicAmis;
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
  /** Provisioned, of a gp3 volume; absent: what its type has. */
  readonly volumeThroughputMiB?: number;
  readonly deadManMinutes: number;
}

/** The snapshot that the worker writes itself, through the EBS direct APIs. */
export interface DirectPlan {
  readonly snapshotSizeGiB: number;
  /** EBS gives the snapshot up when it gets no block for so long. */
  readonly idleMinutes: number;
}

export interface TestPlan {
  /** `auto`: over SSM, or on the console where the image cannot have the agent. */
  readonly transport: 'auto' | 'ssm' | 'console';
  /** A keyring in base64, in place of AWS's published key of the SSM agent. */
  readonly agentKeyring?: string;
  /** Why the console cannot be used in place of SSM. */
  readonly consoleRefusal?: string;
  readonly variants: readonly Variant[];
  /** The text of the configured script: a later change of the file does not affect this run. */
  readonly script: string;
  readonly timeoutSeconds: number;
  readonly instanceTypes: readonly string[];
  /** Newer types cannot boot a paravirtual AMI. */
  readonly paravirtualInstanceTypes?: readonly string[];
  readonly instanceProfile?: string;
  readonly subnet?: string;
  readonly securityGroup?: string;
  readonly deadManMinutes: number;
  /** How long the AMIs of a failed test are kept for inspection; undefined: they are removed. */
  readonly keepFailedMs?: number;
}

export interface ImagePlan {
  readonly origin: Origin;
  readonly arch: Arch;
  readonly url: string;
  /** Where the redirects of `url` lead to. A signed URL is a secret, which a history must not keep: then `url` itself. */
  readonly downloadUrl: string;
  /** Of the compressed file; undefined when the request has none. */
  readonly sha256: string | undefined;
  /** From the xz index; undefined when the server has no ranges. */
  readonly rawSizeBytes: number | undefined;
  readonly compressedSizeBytes: number | undefined;
  readonly homeRegion: string;
  readonly home: RegionPlan;
  readonly copies: readonly RegionPlan[];
  /** Absent where the worker writes the snapshot itself. */
  readonly utility?: UtilityPlan;
  /** With `write.strategy = "ebs-direct"`, in place of the utility instance. */
  readonly direct?: DirectPlan;
  readonly test: TestPlan;
  readonly registration: RegistrationPlan;
  readonly makePublic: boolean;
  readonly minRateBytesPerSecond: number;
  readonly regionPatienceMs: number;
  /** Absent: the copies begin when the test has passed. */
  readonly copyStart?: 'with-test';
  /** How long a copy may wait for its turn before its patience begins; absent: the patience includes it. */
  readonly copyQueueMs?: number;
  /** How long a failed region waits for the operator before it is left out; absent: not at all. */
  readonly operatorPatienceMs?: number;
  /** Where the run waits until a person approves it; absent: nowhere. */
  readonly approval?: Approval;
  /** Absent where the release has no number: the message's schema demands one. */
  readonly publishedAs?: PublishedAs;
  /** The AMIs of an earlier run that published this very image; without a completion, this run has no work to do. */
  readonly published?: readonly RegisteredAmi[];
  /** Regions that the earlier run left out and that this run adds. */
  readonly completion?: Completion;
  /** Why the regions that are missing cannot be added. */
  readonly incompletable?: string;
  /** Virtualization types that are wanted and cannot be tested: no region gets their AMIs. */
  readonly untested?: readonly Untested[];
  /** What the operator should know, though the run goes on. */
  readonly warnings?: readonly string[];
}

export interface RegistrationPlan {
  readonly rootDevice: string;
  readonly bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred';
  readonly ena: boolean;
  readonly imdsV2: boolean;
  /** The AMIs' names, as a template with the placeholders of region and variant. */
  readonly names: string;
  /** The keys of the variants that are tested. */
  readonly tests: readonly string[];
}

/** An AMI that EC2 has acknowledged. */
export interface RegisteredAmi {
  readonly regionName: string;
  readonly variant: Variant;
  readonly name: string;
  readonly ami: string;
  readonly snapshot: string;
  /** The account that made the AMI. */
  readonly owner?: string;
  /** Of an AMI that an earlier run published: which run, and whether it tested this variant. */
  readonly made?: { readonly by: RunRef; readonly tested: boolean };
  /** Of an AMI that an earlier run completed and, by its configuration, did not make public. */
  readonly isPrivate?: true;
}

/** The raw size, or the size of the volume or the snapshot where it is not known before the download. */
export function plannedRawBytes({ rawSizeBytes, utility, direct }: ImagePlan): number {
  return rawSizeBytes ?? (utility?.volumeSizeGiB ?? direct?.snapshotSizeGiB ?? 0) * 1024 ** 3;
}
