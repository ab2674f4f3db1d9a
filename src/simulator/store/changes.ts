/** Which resources a call or an event has changed and how, and how long the change takes to spread. */

import type { Cloud } from '../cloud.js';
import type {
  ChangeReader,
  Known,
  ReadChange,
  ResourceChange,
  ResourceType,
} from './resource-change.js';
import type { ResourceRecord, SharingPermissions, Stale } from './state.js';

const types: readonly ResourceType[] = ['instance', 'volume', 'snapshot', 'image'];

export function createChangeReader(cloud: Cloud): ChangeReader {
  const known = new Map<string, Known>();
  const lookUp = (type: ResourceType, region: string, id: string): ResourceRecord | undefined =>
    tableOf(cloud, type).get(region, id);
  for (const type of types) {
    for (const record of tableOf(cloud, type).all()) {
      known.set(`${type}/${record.region}/${record.id}`, knownOf(record));
    }
  }

  function readOne(key: string): ReadChange[] {
    const [type = '', region = '', id = ''] = key.split('/');
    const resourceType = types.find((one) => one === type);
    if (resourceType === undefined) return [];
    const before = known.get(key);
    const found = lookUp(resourceType, region, id);
    const record = found ?? before?.record;
    if (record === undefined) return [];
    const after = found === undefined ? undefined : knownOf(found);
    if (after === undefined) known.delete(key);
    else known.set(key, after);
    return differences(resourceType, before, after).map((what) => ({
      change: describe(resourceType, record, what),
      record,
      before,
    }));
  }
  return { read: (keys) => [...new Set(keys)].flatMap(readOne) };
}

function tableOf(
  cloud: Cloud,
  type: ResourceType,
): {
  get(region: string, id: string): ResourceRecord | undefined;
  all(): IterableIterator<ResourceRecord>;
} {
  return {
    instance: cloud.instances,
    volume: cloud.volumes,
    snapshot: cloud.snapshots,
    image: cloud.images,
  }[type];
}

type Fields = Partial<{
  state: string;
  goneAt: number;
  permissions: SharingPermissions;
  name: string;
  imageId: string;
  snapshotId: string;
  volumeId: string;
  source: { snapshotId?: string; imageId?: string };
  blockDevices: readonly { ebs?: { snapshotId?: string } }[];
}>;

function knownOf(record: ResourceRecord): Known {
  const fields = record as Fields;
  const isGone =
    fields.state === undefined ? fields.goneAt !== undefined : fields.state === 'terminated';
  // Tags and permissions are replaced on a change, never changed in place.
  const { tags } = record;
  return { record, tags, permissions: fields.permissions, state: fields.state, isGone };
}

function differences(
  type: ResourceType,
  before: Known | undefined,
  after: Known | undefined,
): ResourceChange['what'][] {
  if (after === undefined) return before === undefined || before.isGone ? [] : ['deleted'];
  if (before === undefined) return ['created', ...sharing(undefined, after.permissions)];
  if (after.isGone) return before.isGone ? [] : ['deleted'];
  return [
    ...(before.tags === after.tags ? [] : (['tagged'] as const)),
    ...sharing(before.permissions, after.permissions),
    ...(type === 'instance' && before.state !== after.state ? (['state'] as const) : []),
  ];
}

function sharing(
  before: SharingPermissions | undefined,
  after: SharingPermissions | undefined,
): ResourceChange['what'][] {
  if (after === undefined || before === after) return [];
  const was = before?.everyone ?? false;
  if (was !== after.everyone) return [after.everyone ? 'public' : 'private'];
  return (before?.accounts ?? []).join() === after.accounts.join() ? [] : ['shared'];
}

function describe(
  type: ResourceType,
  record: ResourceRecord,
  what: ResourceChange['what'],
): ResourceChange {
  const fields = record as Fields;
  const from =
    fields.source?.imageId ??
    fields.source?.snapshotId ??
    fields.imageId ??
    fields.blockDevices?.find(({ ebs }) => ebs?.snapshotId !== undefined)?.ebs?.snapshotId ??
    (type === 'volume' ? fields.snapshotId : fields.volumeId);
  const isSharing = what === 'public' || what === 'private' || what === 'shared';
  return {
    type,
    id: record.id,
    region: record.region,
    what,
    ...(what === 'created' || what === 'tagged' ? { tags: { ...record.tags } } : {}),
    ...(type === 'instance' && fields.state !== undefined ? { state: fields.state } : {}),
    ...(fields.name === undefined ? {} : { name: fields.name }),
    ...(what === 'created' && from !== undefined && from !== '' ? { from } : {}),
    ...(isSharing ? { accounts: [...(fields.permissions?.accounts ?? [])] } : {}),
  };
}

/** Delays how soon a call's changes are seen, by the settings. */
export function spreadSlowly(cloud: Cloud, read: ReadChange): void {
  const { tagLagMs, changeLagMs } = cloud.settings;
  if (read.change.what === 'created') {
    if (tagLagMs > 0) hideTags(cloud, read, cloud.random.between(0, tagLagMs));
  } else if (changeLagMs > 0) showAsBefore(cloud, read, cloud.random.between(0, changeLagMs));
}

export function hideTags(cloud: Cloud, read: ReadChange, forMs: number): void {
  setStale(cloud, read, { until: Math.round(cloud.clock.now() + forMs), tags: {} });
}

/**
 * Keeps a deleted resource in listings, and shows a changed one with its old tags, permissions and state.
 * Answers whether there is an earlier state to show.
 */
export function showAsBefore(cloud: Cloud, read: ReadChange, forMs: number): boolean {
  const { before, change, record } = read;
  const until = Math.round(cloud.clock.now() + forMs);
  if (before === undefined) return false;
  const old: Stale = {
    until,
    tags: before.tags,
    ...(before.permissions === undefined ? {} : { permissions: before.permissions }),
    ...(before.state === undefined ? {} : { state: before.state }),
  };
  const isListedStill =
    change.type === 'instance' ||
    tableOf(cloud, change.type).get(record.region, record.id) !== undefined;
  if (isListedStill) setStale(cloud, read, old);
  else cloud.ghosts.add(change.type, { ...record, stale: old, ghostUntil: until });
  return true;
}

function setStale(cloud: Cloud, { record, change }: ReadChange, stale: Stale): void {
  record.stale = stale;
  const { region, id } = record;
  cloud.store.table<ResourceRecord>(change.type).put(`${region}/${id}`, record);
}

/** The record as a Describe shows it now: changes that have not spread yet are left out. */
export function asSeen<T extends ResourceRecord>(record: T, nowMs: number): T {
  const { stale } = record;
  if (stale === undefined || stale.until <= nowMs) return record;
  const { tags = record.tags, permissions, state } = stale;
  return {
    ...record,
    tags,
    ...(permissions === undefined ? {} : { permissions }),
    ...(state === undefined ? {} : { state }),
  };
}
