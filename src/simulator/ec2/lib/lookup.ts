/** Finds resources by id with EC2's errors for ids that are malformed or not there. */

import type { ResourceType } from '../../store/resource-change.js';
import { asSeen } from '../../store/changes.js';
import { CloudError } from '../../errors.js';
import type {
  ImageRecord,
  InstanceRecord,
  RegionTable,
  ResourceRecord,
  SecurityGroupRecord,
  SnapshotRecord,
  VolumeRecord,
} from '../../store/state.js';
import type { Call } from './action.js';

interface Kind<T extends ResourceRecord> {
  readonly type: ResourceType;
  readonly prefixes: readonly string[];
  readonly malformedCode: string;
  readonly notFoundCode: string;
  notFoundMessage(ids: string): string;
  table(call: Call): RegionTable<T>;
  isThere(record: T, call: Call): boolean;
}

const instanceKind: Kind<InstanceRecord> = {
  type: 'instance',
  prefixes: ['i'],
  malformedCode: 'InvalidInstanceID.Malformed',
  notFoundCode: 'InvalidInstanceID.NotFound',
  notFoundMessage: (ids) =>
    ids.includes(',')
      ? `The instance IDs '${ids}' do not exist`
      : `The instance ID '${ids}' does not exist`,
  table: (call) => call.cloud.instances,
  isThere: (record, call) => record.goneAt === undefined || record.goneAt > call.cloud.clock.now(),
};

const volumeKind: Kind<VolumeRecord> = {
  type: 'volume',
  prefixes: ['vol'],
  malformedCode: 'InvalidVolumeID.Malformed',
  notFoundCode: 'InvalidVolume.NotFound',
  notFoundMessage: (ids) =>
    ids.includes(',')
      ? `The volumes '${ids}' do not exist.`
      : `The volume '${ids}' does not exist.`,
  table: (call) => call.cloud.volumes,
  isThere: (record, call) => record.goneAt === undefined || record.goneAt > call.cloud.clock.now(),
};

const snapshotKind: Kind<SnapshotRecord> = {
  type: 'snapshot',
  prefixes: ['snap'],
  malformedCode: 'InvalidSnapshotID.Malformed',
  notFoundCode: 'InvalidSnapshot.NotFound',
  notFoundMessage: (ids) => `The snapshot '${ids}' does not exist.`,
  table: (call) => call.cloud.snapshots,
  isThere: () => true,
};

const imageKind: Kind<ImageRecord> = {
  type: 'image',
  prefixes: ['ami', 'aki', 'ari'],
  malformedCode: 'InvalidAMIID.Malformed',
  notFoundCode: 'InvalidAMIID.NotFound',
  notFoundMessage: (ids) =>
    ids.includes(',')
      ? `The image ids '[${ids}]' do not exist`
      : `The image id '[${ids}]' does not exist`,
  table: (call) => call.cloud.images,
  isThere: () => true,
};

/** The records of all ids, or one error that names those that are missing. */
function find<T extends ResourceRecord>(
  call: Call,
  kind: Kind<T>,
  ids: readonly string[],
  ghosts: readonly T[] = [],
): T[] {
  for (const id of ids) checkForm(kind, id);
  const found: T[] = [];
  const missing: string[] = [];
  for (const id of new Set(ids)) {
    const record = kind.table(call).get(call.region, id);
    const isThere =
      record !== undefined &&
      record.visibleAt <= call.cloud.clock.now() &&
      kind.isThere(record, call);
    const ghost = ghosts.find((one) => one.id === id);
    if (isThere) found.push(record);
    else if (ghost !== undefined) found.push(ghost);
    else missing.push(id);
  }
  if (missing.length > 0) {
    throw new CloudError(kind.notFoundCode, kind.notFoundMessage(missing.join(', ')));
  }
  return found;
}

/** Ids are a prefix and 8 or 17 hexadecimal digits (EC2 user guide, "Resource IDs"). */
function checkForm<T extends ResourceRecord>(kind: Kind<T>, id: string): void {
  const match = /^([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.exec(id);
  if (match === null || !kind.prefixes.includes(match[1] ?? '')) {
    throw new CloudError(
      kind.malformedCode,
      `Invalid id: "${id}" (expecting "${kind.prefixes[0] ?? ''}-...")`,
    );
  }
}

function findOne<T extends ResourceRecord>(call: Call, kind: Kind<T>, id: string): T {
  const [record] = find(call, kind, [id]);
  if (record === undefined) throw new CloudError(kind.notFoundCode, kind.notFoundMessage(id));
  return record;
}

/**
 * What a Describe shows: the named ones, or all that are listed. New ones are missing, and changed and
 * deleted ones are as before, for as long as that takes to spread (EC2 developer guide, "Eventual consistency").
 */
function seen<T extends ResourceRecord>(call: Call, kind: Kind<T>, ids: readonly string[]): T[] {
  const now = call.cloud.clock.now();
  const ghosts = call.cloud.ghosts.in(kind.type, call.region, now) as unknown as T[];
  if (ids.length > 0) return find(call, kind, ids, ghosts).map((record) => asSeen(record, now));
  const shown = [...kind.table(call).inRegion(call.region)].filter((one) => isListed(one, now));
  const all = ghosts.length === 0 ? shown : [...shown, ...ghosts].sort((a, b) => a.seq - b.seq);
  return all.map((record) => asSeen(record, now));
}

export function seenInstances(call: Call, ids: readonly string[] = []): InstanceRecord[] {
  return seen(call, instanceKind, ids);
}

export function seenVolumes(call: Call, ids: readonly string[] = []): VolumeRecord[] {
  return seen(call, volumeKind, ids);
}

export function seenSnapshots(call: Call, ids: readonly string[] = []): SnapshotRecord[] {
  return seen(call, snapshotKind, ids);
}

export function seenImages(call: Call, ids: readonly string[] = []): ImageRecord[] {
  return seen(call, imageKind, ids);
}

export function findInstances(call: Call, ids: readonly string[]): InstanceRecord[] {
  return find(call, instanceKind, ids);
}

export function findInstance(call: Call, id: string): InstanceRecord {
  return findOne(call, instanceKind, id);
}

export function findVolumes(call: Call, ids: readonly string[]): VolumeRecord[] {
  return find(call, volumeKind, ids);
}

export function findVolume(call: Call, id: string): VolumeRecord {
  return findOne(call, volumeKind, id);
}

export function findSnapshots(call: Call, ids: readonly string[]): SnapshotRecord[] {
  return find(call, snapshotKind, ids);
}

export function findSnapshot(call: Call, id: string): SnapshotRecord {
  return findOne(call, snapshotKind, id);
}

export function findImages(call: Call, ids: readonly string[]): ImageRecord[] {
  return find(call, imageKind, ids);
}

export function findImage(call: Call, id: string): ImageRecord {
  return findOne(call, imageKind, id);
}

export function findSecurityGroup(call: Call, id: string): SecurityGroupRecord {
  if (!/^sg-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
    throw new CloudError('InvalidGroupId.Malformed', `Invalid id: "${id}" (expecting "sg-...")`);
  }
  const group = call.cloud.securityGroups.get(call.region, id);
  if (group !== undefined && isListed(group, call.cloud.clock.now())) return group;
  throw new CloudError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
}

/** What a listing without ids may show. */
export function isListed(
  record: ResourceRecord & { readonly goneAt?: number },
  nowMs: number,
): boolean {
  return (
    (record.listedAt ?? record.visibleAt) <= nowMs &&
    (record.goneAt === undefined || record.goneAt > nowMs)
  );
}
