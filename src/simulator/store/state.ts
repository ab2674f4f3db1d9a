/** What the local cloud remembers of each resource. Plain JSON; times are milliseconds since the epoch. */

import type { Store } from './store.js';

export type Tags = Record<string, string>;
export type Architecture = 'i386' | 'x86_64' | 'arm64';
export type VirtualizationType = 'hvm' | 'paravirtual';

export interface ResourceRecord {
  readonly id: string;
  readonly region: string;
  /** Order of creation in the whole cloud; listings and their page tokens follow it. */
  readonly seq: number;
  readonly createdAt: number;
  /** Before this the id is not found yet (eventual consistency). */
  visibleAt: number;
  /** Before this it is missing from listings, though its id is found. */
  listedAt?: number;
  /** Until then it is shown as it was before its last change. */
  stale?: Stale;
  tags: Tags;
}

/** What a resource looked like, shown until a change has spread. */
export interface Stale {
  readonly until: number;
  readonly tags?: Tags;
  readonly permissions?: SharingPermissions;
  readonly state?: string;
}

export interface VolumeAttachment {
  readonly instanceId: string;
  readonly deviceName: string;
  readonly attachedFrom: number;
  /** When `attaching` becomes `attached`. */
  readonly attachedAt: number;
  deleteOnTermination: boolean;
  /** Set while a detachment runs. */
  detaching?: boolean;
  /** The guest still has it mounted, so the detachment hangs. */
  busy?: boolean;
}

export interface VolumeRecord extends ResourceRecord {
  readonly zone: string;
  readonly sizeGiB: number;
  readonly volumeType: string;
  readonly iops?: number;
  readonly throughput?: number;
  readonly encrypted: boolean;
  readonly snapshotId: string;
  readonly clientToken?: string;
  /** When `creating` may become `available`; its bytes must be there too. */
  readonly availableAt: number;
  /** The file holds the volume's bytes. */
  filled: boolean;
  attachment?: VolumeAttachment;
  /** Set by DeleteVolume: `deleting` until then, not found afterwards. */
  goneAt?: number;
  failed?: string;
}

export interface SharingPermissions {
  everyone: boolean;
  accounts: string[];
}

export interface SnapshotRecord extends ResourceRecord {
  readonly ownerId: string;
  readonly ownerAlias?: string;
  /** The volume that it was made from; arbitrary for a copy. */
  readonly volumeId: string;
  readonly sizeGiB: number;
  readonly description: string;
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
  /** While blocks are written this has no meaning yet. */
  completesAt: number;
  readonly source?: { readonly region: string; readonly snapshotId: string };
  /** Below the state directory; never changed once the record exists and no blocks are written. */
  readonly file: string;
  /** StartSnapshot made it. */
  readonly started?: true;
  /** Of StartSnapshot: the snapshot whose blocks it begins with. */
  readonly parentSnapshotId?: string;
  /**
   * Of StartSnapshot, until CompleteSnapshot. It fails at `expiresAt` unless a block is written or it is completed
   * before; `progress` is what the last write has named, in percent.
   */
  writing?: { readonly timeoutMs: number; readonly expiresAt: number; readonly progress?: number };
  permissions: SharingPermissions;
  /** Becomes `error` instead of `completed`, for this reason. */
  failed?: string;
}

export interface ImageBlockDevice {
  readonly deviceName: string;
  readonly virtualName?: string;
  readonly noDevice?: boolean;
  readonly ebs?: {
    readonly snapshotId?: string;
    readonly volumeSizeGiB: number;
    readonly volumeType: string;
    readonly deleteOnTermination: boolean;
    readonly encrypted: boolean;
    readonly iops?: number;
    readonly throughput?: number;
  };
}

export interface ImageRecord extends ResourceRecord {
  readonly imageType: 'machine' | 'kernel' | 'ramdisk';
  readonly ownerId: string;
  readonly ownerAlias?: string;
  readonly name: string;
  description: string | undefined;
  readonly architecture: Architecture;
  readonly virtualizationType: VirtualizationType;
  readonly bootMode?: string;
  readonly enaSupport: boolean;
  readonly sriovNetSupport?: string;
  readonly tpmSupport?: string;
  readonly imdsSupport?: string;
  readonly uefiData?: string;
  readonly kernelId?: string;
  readonly ramdiskId?: string;
  readonly billingProducts?: string[];
  readonly rootDeviceName?: string;
  readonly blockDevices: readonly ImageBlockDevice[];
  /** Amazon's own have the SSM agent and can boot by definition. */
  readonly os: 'amazon-linux-2023' | 'unknown';
  readonly availableAt: number;
  readonly source?: { readonly region: string; readonly imageId: string };
  readonly clientToken?: string;
  permissions: SharingPermissions;
  /** Becomes `failed` instead of `available`, for this reason. */
  failed?: string;
  disabled?: boolean;
  /** Still listed although it was deregistered. */
  deregistered?: true;
  deprecationTime?: string;
  deregistrationProtection?: 'enabled' | 'enabled-with-cooldown' | 'disabled';
  protectedUntil?: number;
  lastLaunchedAt?: number;
}

export type InstanceState =
  'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

export interface InstanceRecord extends ResourceRecord {
  readonly reservationId: string;
  readonly launchIndex: number;
  readonly clientToken: string;
  readonly imageId: string;
  readonly kernelId?: string;
  instanceType: string;
  readonly architecture: Architecture;
  readonly virtualizationType: VirtualizationType;
  readonly bootMode: 'legacy-bios' | 'uefi';
  /** The image's own boot mode, as DescribeInstances returns it. */
  readonly imageBootMode?: string;
  readonly os: 'amazon-linux-2023' | 'unknown';
  readonly enaSupport: boolean;
  readonly sriovNetSupport?: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly privateIp: string;
  publicIp?: string;
  securityGroupIds: string[];
  readonly networkInterface: { id: string; attachmentId: string; mac: string };
  readonly keyName?: string;
  /** Base64, as it came. */
  userData?: string;
  iamInstanceProfile?: { readonly arn: string; readonly id: string };
  metadataOptions: {
    httpTokens: string;
    httpPutResponseHopLimit: number;
    httpEndpoint: string;
    httpProtocolIpv6: string;
    instanceMetadataTags: string;
  };
  readonly ebsOptimized: boolean;
  readonly monitoring: boolean;
  shutdownBehavior: 'stop' | 'terminate';
  disableApiTermination: boolean;
  disableApiStop: boolean;
  readonly rootDeviceName: string;
  /** In order of device; details are on the volumes' attachments. */
  volumeIds: string[];
  state: InstanceState;
  /** When the state that is passing (pending, stopping, shutting-down) is over. */
  stateUntil: number;
  stateReason?: { code: string; message: string };
  stateTransitionReason: string;
  launchedAt: number;
  /** User-data runs at the first boot only (cloud-init). */
  bootedBefore: boolean;
  boot: 'none' | 'booting' | 'up' | 'impaired';
  /** When status checks that pass are seen to pass. */
  statusOkAt: number;
  /** Set by a fault: the agent is dead though the guest runs. */
  agentLost?: boolean;
  /** A terminated instance stays listed until then. */
  goneAt?: number;
}

export interface SecurityGroupRule {
  id: string;
  isEgress: boolean;
  protocol: string;
  fromPort?: number;
  toPort?: number;
  cidrIpv4?: string;
  cidrIpv6?: string;
  groupId?: string;
  prefixListId?: string;
  description?: string;
}

export interface SecurityGroupRecord extends ResourceRecord {
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  rules: SecurityGroupRule[];
}

/** Per-region switches of the account. */
export interface AccountRecord {
  ebsEncryptionByDefault: boolean;
  imageBlockPublicAccess: 'unblocked' | 'block-new-sharing';
  /** What `imageBlockPublicAccess` was before its last change, and until when that stays in force. */
  earlierImageBlock?: {
    readonly state: 'unblocked' | 'block-new-sharing';
    readonly until: number;
  };
  snapshotBlockPublicAccess: 'unblocked' | 'block-new-sharing' | 'block-all-sharing';
}

/** The name of a deregistered image. */
export interface FreedName {
  readonly imageId: string;
  readonly freedAt: number;
}

/** What a ClientToken stands for: the request that used it first and what came of it. */
export interface TokenRecord {
  readonly fingerprint: string;
  readonly ids: string[];
}

/** A store table with an index by region. */
export interface RegionTable<T extends ResourceRecord> {
  get(region: string, id: string): T | undefined;
  put(record: T): void;
  delete(record: T): void;
  /** In order of creation. */
  inRegion(region: string): IterableIterator<T>;
  all(): IterableIterator<T>;
  /** Puts a record in memory only, unless it is there: for records that every start makes anew. */
  preset(record: T): void;
}

export function openRegionTable<T extends ResourceRecord>(
  store: Store,
  name: string,
): RegionTable<T> {
  const table = store.table<T>(name);
  const regions = new Map<string, Map<string, T>>();

  const recordsIn = (region: string): Map<string, T> => {
    let records = regions.get(region);
    if (records === undefined) regions.set(region, (records = new Map<string, T>()));
    return records;
  };
  const stored = [...table.values()].sort((one, other) => one.seq - other.seq);
  for (const record of stored) recordsIn(record.region).set(record.id, record);

  return {
    get: (region, id) => regions.get(region)?.get(id),
    put: (record) => {
      recordsIn(record.region).set(record.id, record);
      table.put(`${record.region}/${record.id}`, record);
    },
    delete: (record) => {
      recordsIn(record.region).delete(record.id);
      table.delete(`${record.region}/${record.id}`);
    },
    inRegion: (region) => recordsIn(region).values(),
    all: function* () {
      for (const records of regions.values()) yield* records.values();
    },
    preset: (record) => {
      const records = recordsIn(record.region);
      if (!records.has(record.id)) records.set(record.id, record);
    },
  };
}
