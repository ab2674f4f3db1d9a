/** Everything in a region that has given tags; and one of these resources as it is now. */

import type { Filter } from '@aws-sdk/client-ec2';
import type { OwnedResource } from '../model/sweep/stray.js';
import type { ResourceType } from '../model/sweep/sweep.js';
import { RESOURCE_TYPES } from '../model/sweep/sweep.js';
import type { Tags } from '../model/ids/tags.js';
import { listImages, listInstances, listSnapshots, listVolumes } from './listing.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters, tagsOf } from './tags.js';

/** Stopped instances still exist; an instance that is shutting down needs no removal. */
const INSTANCE_STATES = ['pending', 'running', 'stopping', 'stopped'];
const VOLUME_STATES = ['creating', 'available', 'in-use', 'error'];

/** The account's own resources with all of these tags, but for those that have ended. */
export async function listOwned(
  ec2: RegionAccess,
  tags: Tags,
  signal: AbortSignal,
  types: readonly ResourceType[] = RESOURCE_TYPES,
): Promise<OwnedResource[]> {
  const filters = tagFilters(tags);
  const lists = await Promise.all(types.map((type) => LISTS[type](ec2, filters, signal)));
  return lists.flat();
}

/** The resource as it is now, or undefined when it is gone or about to be. */
export async function findOwned(
  ec2: RegionAccess,
  { type, id }: { readonly type: ResourceType; readonly id: string },
  signal: AbortSignal,
): Promise<OwnedResource | undefined> {
  const filter = { Name: `${type}-id`, Values: [id] };
  const found = await LISTS[type](ec2, [filter], signal);
  return found.find((one) => one.id === id);
}

type List = (ec2: RegionAccess, filters: Filter[], signal: AbortSignal) => Promise<OwnedResource[]>;

const ownedInstances: List = async (ec2, filters, signal) => {
  const Filters = [...filters, { Name: 'instance-state-name', Values: INSTANCE_STATES }];
  const found = await listInstances(ec2.ec2, Filters, signal);
  return found.flatMap((one) =>
    owned(ec2, 'instance', one.InstanceId, one, { created: one.LaunchTime }),
  );
};

const ownedVolumes: List = async (ec2, filters, signal) => {
  const Filters = [...filters, { Name: 'status', Values: VOLUME_STATES }];
  const found = await listVolumes(ec2.ec2, Filters, signal);
  return found.flatMap((one) =>
    owned(ec2, 'volume', one.VolumeId, one, {
      created: one.CreateTime,
      uses: (one.Attachments ?? []).flatMap(({ InstanceId }) => InstanceId ?? []),
    }),
  );
};

const ownedImages: List = async (ec2, filters, signal) => {
  const query = { Owners: ['self'], Filters: filters, IncludeDisabled: true };
  const found = await listImages(ec2.ec2, query, signal);
  return found.flatMap((one) =>
    owned(ec2, 'image', one.ImageId, one, {
      created: one.CreationDate === undefined ? undefined : new Date(one.CreationDate),
      isPublic: one.Public === true,
      uses: (one.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
    }),
  );
};

const ownedSnapshots: List = async (ec2, filters, signal) => {
  const found = await listSnapshots(ec2.ec2, filters, signal);
  return found.flatMap((one) =>
    owned(ec2, 'snapshot', one.SnapshotId, one, { created: one.StartTime }),
  );
};

const LISTS: Readonly<Record<ResourceType, List>> = {
  instance: ownedInstances,
  volume: ownedVolumes,
  image: ownedImages,
  snapshot: ownedSnapshots,
};

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
