/** How a resource changed: for the effect log, faults and late listings. */

import type { ResourceRecord, SharingPermissions, Tags } from './state.js';

export type ResourceType = 'instance' | 'volume' | 'snapshot' | 'image';

/** One change of one of the account's own resources, as the effect log has it. */
export interface ResourceChange {
  readonly type: ResourceType;
  readonly id: string;
  readonly region: string;
  /** An instance counts as deleted when it terminates, a volume when its deletion begins. */
  readonly what: 'created' | 'deleted' | 'public' | 'private' | 'shared' | 'tagged' | 'state';
  /** Of what was created or tagged: all of its tags now. */
  readonly tags?: Tags;
  /** Of an instance. */
  readonly state?: string;
  /** Of an image that was created or whose sharing changed. */
  readonly name?: string;
  /** What it was made from: an image, a snapshot, a volume. */
  readonly from?: string;
  /** Of sharing: the accounts that it is shared with now. */
  readonly accounts?: readonly string[];
}

/** A resource as it was when it was last looked at; `record` is kept past its deletion. */
export interface Known {
  readonly record: ResourceRecord;
  readonly tags: Tags;
  readonly permissions: SharingPermissions | undefined;
  readonly state: string | undefined;
  readonly isGone: boolean;
}

export interface ReadChange {
  readonly change: ResourceChange;
  readonly record: ResourceRecord;
  readonly before: Known | undefined;
}

export interface ChangeReader {
  /** Compares the records with what they were when they were last read. Keys as the store names them. */
  read(keys: readonly string[]): ReadChange[];
}
