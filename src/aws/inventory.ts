/** Everything in a region that carries given tags, page by page, and each of it looked at again. */

import type { Filter, Image, Instance, Snapshot, Volume } from '@aws-sdk/client-ec2';
import {
  paginateDescribeImages,
  paginateDescribeInstances,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
} from '@aws-sdk/client-ec2';
import type { OwnedResource } from '../model/sweep/stray.js';
import type { ResourceType } from '../model/sweep/sweep.js';
import type { Tags } from '../model/ids/tags.js';
import { isThere } from './images.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters, tagsOf } from './tags.js';

/** Far below what each listing allows: an answer stays small, and a cut-off one costs little. */
const PAGE_SIZE = 200;

/** Stopped ones are there; what is shutting down goes by itself. */
const INSTANCE_STATES = ['pending', 'running', 'stopping', 'stopped'];
const VOLUME_STATES = ['creating', 'available', 'in-use', 'error'];

/** What this account owns and has all of the tags, in every state that is not an end. */
export async function listOwned(
  ec2: RegionAccess,
  tags: Tags,
  signal: AbortSignal,
): Promise<OwnedResource[]> {
  const filters = tagFilters(tags);
  const lists = await Promise.all([
    listInstances(ec2, filters, signal),
    listVolumes(ec2, filters, signal),
    listImages(ec2, filters, signal),
    listSnapshots(ec2, filters, signal),
  ]);
  return lists.flat();
}

/** The resource as it is now, or undefined when it is gone or about to be. */
export async function findOwned(
  ec2: RegionAccess,
  { type, id }: { readonly type: ResourceType; readonly id: string },
  signal: AbortSignal,
): Promise<OwnedResource | undefined> {
  const list = {
    instance: listInstances,
    volume: listVolumes,
    image: listImages,
    snapshot: listSnapshots,
  };
  const filter = { Name: `${type}-id`, Values: [id] };
  const found = await list[type](ec2, [filter], signal);
  return found.find((one) => one.id === id);
}

type List = (ec2: RegionAccess, filters: Filter[], signal: AbortSignal) => Promise<OwnedResource[]>;

const listInstances: List = async (ec2, filters, signal) => {
  const Filters = [...filters, { Name: 'instance-state-name', Values: INSTANCE_STATES }];
  const pages = paginateDescribeInstances(paging(ec2), { Filters }, { abortSignal: signal });
  const found: Instance[] = [];
  for await (const { Reservations } of pages) {
    for (const { Instances } of Reservations ?? []) found.push(...(Instances ?? []));
  }
  return found.flatMap((one) =>
    owned(ec2, 'instance', one.InstanceId, one, { created: one.LaunchTime }),
  );
};

const listVolumes: List = async (ec2, filters, signal) => {
  const Filters = [...filters, { Name: 'status', Values: VOLUME_STATES }];
  const pages = paginateDescribeVolumes(paging(ec2), { Filters }, { abortSignal: signal });
  const found: Volume[] = [];
  for await (const { Volumes } of pages) found.push(...(Volumes ?? []));
  return found.flatMap((one) =>
    owned(ec2, 'volume', one.VolumeId, one, {
      created: one.CreateTime,
      uses: (one.Attachments ?? []).flatMap(({ InstanceId }) => InstanceId ?? []),
    }),
  );
};

const listImages: List = async (ec2, filters, signal) => {
  const input = { Owners: ['self'], Filters: filters, IncludeDisabled: true };
  const pages = paginateDescribeImages(paging(ec2), input, { abortSignal: signal });
  const found: Image[] = [];
  for await (const { Images } of pages) found.push(...(Images ?? []).filter(isThere));
  return found.flatMap((one) =>
    owned(ec2, 'image', one.ImageId, one, {
      created: one.CreationDate === undefined ? undefined : new Date(one.CreationDate),
      isPublic: one.Public === true,
      uses: (one.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
    }),
  );
};

const listSnapshots: List = async (ec2, filters, signal) => {
  const input = { OwnerIds: ['self'], Filters: filters };
  const pages = paginateDescribeSnapshots(paging(ec2), input, { abortSignal: signal });
  const found: Snapshot[] = [];
  for await (const { Snapshots } of pages) found.push(...(Snapshots ?? []));
  return found.flatMap((one) =>
    owned(ec2, 'snapshot', one.SnapshotId, one, { created: one.StartTime }),
  );
};

function paging(ec2: RegionAccess): { client: RegionAccess['ec2']; pageSize: number } {
  return { client: ec2.ec2, pageSize: PAGE_SIZE };
}

function owned(
  ec2: RegionAccess,
  type: ResourceType,
  id: string | undefined,
  resource: Parameters<typeof tagsOf>[0],
  facts: {
    readonly created: Date | undefined;
    readonly isPublic?: boolean;
    readonly uses?: readonly string[];
  },
): OwnedResource[] {
  if (id === undefined) return [];
  const { created, isPublic = false, uses = [] } = facts;
  const createdMs = created?.getTime();
  return [{ region: ec2.name, type, id, tags: tagsOf(resource), createdMs, isPublic, uses }];
}
