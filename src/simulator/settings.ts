/** What can be set about the account, its limits and its delays, at the start and while it runs. */

import { z } from 'zod';
import type { AccountRecord } from './store/state.js';
import type { Store } from './store/store.js';

/** An account's switches in one region, as they are before the API changes them. */
export interface RegionSettings {
  readonly ebsEncryptionByDefault?: boolean | undefined;
  readonly imageBlockPublicAccess?: AccountRecord['imageBlockPublicAccess'] | undefined;
  readonly snapshotBlockPublicAccess?: AccountRecord['snapshotBlockPublicAccess'] | undefined;
  /** With `declarative-policy` the account itself cannot change the blocks. */
  readonly blockPublicAccessManagedBy?: 'account' | 'declarative-policy' | undefined;
}

export interface CloudSettings {
  /** The account that the credentials belong to; fixed at the start. */
  readonly accountId: string;
  /** Opt-in regions that this account has enabled. */
  readonly optedInRegions: readonly string[];
  /** Service quota L-0E3CBAB9, per region; EC2's own default is 5; null: unlimited. */
  readonly publicImagesPerRegion: number | undefined;
  /** Running On-Demand vCPUs per region. */
  readonly vcpusPerRegion: number | undefined;
  /** Volumes per region (VolumeLimitExceeded). */
  readonly volumesPerRegion: number | undefined;
  /** Snapshots per region (SnapshotLimitExceeded); EC2's own default is 100,000. */
  readonly snapshotsPerRegion: number | undefined;
  /** Snapshots per region that are pending (PendingSnapshotLimitExceeded). */
  readonly pendingSnapshotsPerRegion: number | undefined;
  /** Concurrent snapshot copies to one region; EC2's own default is 20. */
  readonly snapshotCopiesPerRegion: number;
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
  /** The account's switches by region; `*` is every region that is not named. */
  readonly regions: Readonly<Record<string, RegionSettings>>;
}

export const defaultSettings: CloudSettings = {
  accountId: '111122223333',
  optedInRegions: [],
  publicImagesPerRegion: undefined,
  vcpusPerRegion: undefined,
  volumesPerRegion: undefined,
  snapshotsPerRegion: undefined,
  pendingSnapshotsPerRegion: undefined,
  snapshotCopiesPerRegion: 20,
  consistencyLagMs: undefined,
  listingLagMs: 0,
  tagLagMs: 0,
  changeLagMs: 0,
  instanceProfiles: undefined,
  throttling: false,
  unsupportedTypes: {},
  regions: {},
};

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
    consistencyLagMs: limit,
    listingLagMs: amount,
    tagLagMs: amount,
    changeLagMs: amount,
    instanceProfiles: z.array(z.string()).nullable(),
    throttling: z.boolean(),
    unsupportedTypes: z.record(z.string(), z.array(z.string())),
    regions: z.record(
      z.string(),
      z.strictObject({
        ebsEncryptionByDefault: z.boolean().optional(),
        imageBlockPublicAccess: z.enum(['unblocked', 'block-new-sharing']).optional(),
        snapshotBlockPublicAccess: z
          .enum(['unblocked', 'block-new-sharing', 'block-all-sharing'])
          .optional(),
        blockPublicAccessManagedBy: z.enum(['account', 'declarative-policy']).optional(),
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
  /** Changes those that are named; if one is wrong it throws SettingsError and leaves all as they were. */
  change(changes: unknown): void;
}

/** The settings of the start, with what was changed over HTTP before the last restart over them. */
export function openSettings(store: Store, given: Partial<CloudSettings>): SettingsBook {
  const table = store.table<Changes>('settings');
  const accounts = store.table<AccountRecord>('account');
  const current: CloudSettings = { ...defaultSettings, ...given };
  const apply = (changes: Changes): void => {
    const values = Object.entries(changes).map(([name, value]) => [name, value ?? undefined]);
    Object.assign(current, Object.fromEntries(values));
  };
  apply(table.get('changes') ?? {});

  return {
    current,
    shown: () =>
      Object.fromEntries(Object.entries(current).map(([name, value]) => [name, value ?? null])),
    change: (changes) => {
      const parsed = changesSchema.safeParse(withoutAccount(changes, current));
      if (!parsed.success) {
        throw new SettingsError(
          `${z.prettifyError(parsed.error)}. Settings that can be changed: ${changeableSettings.join(', ')}.`,
        );
      }
      table.put('changes', { ...table.get('changes'), ...parsed.data });
      // Otherwise switches that the API has set before would hide the new settings.
      if (parsed.data.regions !== undefined) {
        for (const [region] of [...accounts.entries()]) accounts.delete(region);
      }
      apply(parsed.data);
    },
  };
}

/** What GET shows can be sent back; another account cannot. */
function withoutAccount(changes: unknown, current: CloudSettings): unknown {
  if (typeof changes !== 'object' || changes === null || !('accountId' in changes)) return changes;
  const { accountId, ...others } = changes;
  return accountId === current.accountId ? others : changes;
}
