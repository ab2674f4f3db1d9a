/** What can be set about the account and its limits; every limit is off unless it is set. */

export interface CloudSettings {
  /** The account that the credentials belong to. */
  readonly accountId: string;
  /** Opt-in regions that this account has enabled. */
  readonly optedInRegions: readonly string[];
  /** Service quota L-0E3CBAB9, per region; EC2's own default is 5. */
  readonly publicImagesPerRegion: number | undefined;
  /** Running On-Demand vCPUs per region. */
  readonly vcpusPerRegion: number | undefined;
  /** Concurrent snapshot copies to one region; EC2's own default is 20. */
  readonly snapshotCopiesPerRegion: number;
  /** A new id is not found for up to this long; undefined: as the latency profile says. */
  readonly consistencyLagMs: number | undefined;
  /** Names of the instance profiles that exist; undefined: every well-formed name does. */
  readonly instanceProfiles: readonly string[] | undefined;
  /** Whether EC2's documented token buckets are enforced. */
  readonly throttling: boolean;
}

export const defaultSettings: CloudSettings = {
  accountId: '111122223333',
  optedInRegions: [],
  publicImagesPerRegion: undefined,
  vcpusPerRegion: undefined,
  snapshotCopiesPerRegion: 20,
  consistencyLagMs: undefined,
  instanceProfiles: undefined,
  throttling: false,
};
