/** What can be set about the account, its limits and its delays, at the start and while it runs. */

import { z } from 'zod';
import type { PartitionName } from './partition.js';
import { AGENT_BUCKETS, type AgentBucket } from './machine/machine.js';
import type { AccountRecord } from './store/state.js';
import type { Store } from './store/store.js';

/** An account's switches in one region, as they are before the API changes them. */
export interface RegionSettings {
  readonly ebsEncryptionByDefault?: boolean | undefined;
  readonly imageBlockPublicAccess?: AccountRecord['imageBlockPublicAccess'] | undefined;
  readonly snapshotBlockPublicAccess?: AccountRecord['snapshotBlockPublicAccess'] | undefined;
  /** With `declarative-policy` the account itself cannot change the blocks. */
  readonly blockPublicAccessManagedBy?: 'account' | 'declarative-policy' | undefined;
  /** Service quota L-0E3CBAB9 in this region alone. */
  readonly publicImages?: number | undefined;
}

export interface CloudSettings {
  /** The account that the credentials belong to; fixed at the start. */
  readonly accountId: string;
  /** Whose regions, ARNs and hosts there are; fixed at the start. */
  readonly partition: PartitionName;
  /** Opt-in regions that this account has enabled. */
  readonly optedInRegions: readonly string[];
  /** Service quota L-0E3CBAB9, per region; undefined: unlimited. */
  readonly publicImagesPerRegion: number | undefined;
  /** Service quota L-1216C47A, running On-Demand vCPUs per region. */
  readonly vcpusPerRegion: number | undefined;
  /** Volumes per region (VolumeLimitExceeded). */
  readonly volumesPerRegion: number | undefined;
  /** Service quota L-309BACF6, snapshots per region (SnapshotLimitExceeded). */
  readonly snapshotsPerRegion: number | undefined;
  /** Snapshots per region that are pending (PendingSnapshotLimitExceeded). */
  readonly pendingSnapshotsPerRegion: number | undefined;
  /** Concurrent snapshot copies to one region; EC2's own default is 20. */
  readonly snapshotCopiesPerRegion: number;
  /** Whether AWS grants each requested quota increase at once; otherwise a control call has to. */
  readonly approvesQuotaRequests: boolean;
  /** A new id is not found for up to this long; undefined: by the latency profile. */
  readonly consistencyLagMs: number | undefined;
  /** A new resource that is found by its id is missing from listings for up to this much longer. */
  readonly listingLagMs: number;
  /** A new resource has no tags for up to this long. */
  readonly tagLagMs: number;
  /** What was changed or deleted is shown as before for up to this long. */
  readonly changeLagMs: number;
  /** Names of the instance profiles that exist; undefined: every well-formed name does. */
  readonly instanceProfiles: readonly string[] | undefined;
  /** Whether EC2's documented token buckets, and SSM's, are enforced. */
  readonly throttling: boolean;
  /** Instance types (`*` is a wildcard) that a zone does not have, by the zone's name. */
  readonly unsupportedTypes: Readonly<Record<string, readonly string[]>>;
  /** Keys of tags without which a policy of the organisation denies the creation, by resource type (`instance`, `image`). */
  readonly requiredTags: Readonly<Record<string, readonly string[]>>;
  /** How S3's bucket of the SSM agent answers guests. */
  readonly agentBucket: AgentBucket;
  /** The block on public images in regions that have no setting of their own. */
  readonly imageBlockPublicAccess: AccountRecord['imageBlockPublicAccess'];
  /** The account's switches by region; `*` is every region that is not named. */
  readonly regions: Readonly<Record<string, RegionSettings>>;
}

/**
 * A new account's. EC2 user guide, "AMI quotas" and "On-Demand Instance quotas": 5 public AMIs and 5 vCPUs
 * of standard instances a region. EBS user guide, "Quotas": 100,000 snapshots. EC2 user guide, "Block public
 * access to your AMIs", default settings: on for new accounts, and for others that have no public AMI.
 */
export const defaultSettings: CloudSettings = {
  accountId: '111122223333',
  partition: 'aws',
  optedInRegions: [],
  publicImagesPerRegion: 5,
  vcpusPerRegion: 5,
  volumesPerRegion: undefined,
  snapshotsPerRegion: 100_000,
  pendingSnapshotsPerRegion: undefined,
  snapshotCopiesPerRegion: 20,
  approvesQuotaRequests: false,
  consistencyLagMs: undefined,
  listingLagMs: 0,
  tagLagMs: 0,
  changeLagMs: 0,
  instanceProfiles: undefined,
  throttling: false,
  unsupportedTypes: {},
  requiredTags: {},
  agentBucket: 'intact',
  imageBlockPublicAccess: 'block-new-sharing',
  regions: {},
};

/** An account that may publish: AWS has raised its quotas, and it has lifted the block on public images. */
export const publisherAccount = {
  publicImagesPerRegion: undefined,
  vcpusPerRegion: undefined,
  imageBlockPublicAccess: 'unblocked',
} as const satisfies Partial<CloudSettings>;

const amount = z.number().int().min(0).max(1_000_000_000);
/** null removes a limit, because JSON has no undefined. */
const limit = amount.nullable();

const changesSchema = z
  .strictObject({
    optedInRegions: z.array(z.string()),
    publicImagesPerRegion: limit,
    vcpusPerRegion: limit,
    volumesPerRegion: limit,
    snapshotsPerRegion: limit,
    pendingSnapshotsPerRegion: limit,
    snapshotCopiesPerRegion: amount,
    approvesQuotaRequests: z.boolean(),
    consistencyLagMs: limit,
    listingLagMs: amount,
    tagLagMs: amount,
    changeLagMs: amount,
    instanceProfiles: z.array(z.string()).nullable(),
    throttling: z.boolean(),
    unsupportedTypes: z.record(z.string(), z.array(z.string())),
    requiredTags: z.record(z.string(), z.array(z.string())),
    agentBucket: z.enum(AGENT_BUCKETS),
    imageBlockPublicAccess: z.enum(['unblocked', 'block-new-sharing']),
    regions: z.record(
      z.string(),
      z.strictObject({
        ebsEncryptionByDefault: z.boolean().optional(),
        imageBlockPublicAccess: z.enum(['unblocked', 'block-new-sharing']).optional(),
        snapshotBlockPublicAccess: z
          .enum(['unblocked', 'block-new-sharing', 'block-all-sharing'])
          .optional(),
        blockPublicAccessManagedBy: z.enum(['account', 'declarative-policy']).optional(),
        publicImages: amount.optional(),
      }),
    ),
  })
  .partial();

/** Names of the settings that can be changed while the cloud runs. */
export const changeableSettings: readonly string[] = Object.keys(changesSchema.shape);

type Changes = z.infer<typeof changesSchema>;

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export interface SettingsBook {
  /** Always the settings of now. */
  readonly current: CloudSettings;
  /** As JSON: what is undefined is null. */
  shown(): Record<string, unknown>;
  /** Those of the start, without what was changed since; as JSON. */
  shownStart(): Record<string, unknown>;
  /** Changes those that are named; if one is wrong it throws SettingsError and leaves all as they were. */
  change(changes: unknown): void;
}

/** The settings of the start, with what was changed over HTTP before the last restart over them. */
export function openSettings(store: Store, given: Partial<CloudSettings>): SettingsBook {
  const table = store.table<Changes>('settings');
  const accounts = store.table<AccountRecord>('account');
  const start: CloudSettings = { ...defaultSettings, ...given };
  const current: CloudSettings = { ...start };
  const apply = (changes: Changes): void => {
    Object.assign(current, withoutNull(changes));
  };
  apply(table.get('changes') ?? {});

  return {
    current,
    shown: () => asJson(current),
    shownStart: () => asJson(start),
    change: (changes) => {
      const parsed = parseChanges(withoutAccount(changes, current));
      if (parsed.regions !== undefined || parsed.imageBlockPublicAccess !== undefined) {
        // Otherwise switches that the API has set before would hide the new settings.
        for (const [region] of [...accounts.entries()]) accounts.delete(region);
      }
      table.put('changes', { ...table.get('changes'), ...parsed });
      apply(parsed);
    },
  };
}

function asJson(settings: CloudSettings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value ?? null]));
}

/** Settings for the start, in the form that `PUT /_fedimg/settings` takes. Throws SettingsError. */
export function readSettings(json: string): Partial<CloudSettings> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new SettingsError('The settings are not JSON.');
  }
  return withoutNull(parseChanges(value));
}

function parseChanges(changes: unknown): Changes {
  const parsed = changesSchema.safeParse(changes);
  if (parsed.success) return parsed.data;
  throw new SettingsError(
    `${z.prettifyError(parsed.error)}. Settings that can be changed: ${changeableSettings.join(', ')}.`,
  );
}

function withoutNull(changes: Changes): Partial<CloudSettings> {
  const values = Object.entries(changes).map(([name, value]) => [name, value ?? undefined]);
  return Object.fromEntries(values) as Partial<CloudSettings>;
}

/** What GET shows can be sent back; another account or partition cannot. */
function withoutAccount(changes: unknown, current: CloudSettings): unknown {
  if (typeof changes !== 'object' || changes === null) return changes;
  const isAsNow = ([name, value]: [string, unknown]) =>
    (name === 'accountId' || name === 'partition') && value === current[name];
  return Object.fromEntries(Object.entries(changes).filter((entry) => !isAsNow(entry)));
}
