/** Volumes: CreateVolume, DescribeVolumes, DeleteVolume. */

import { attachmentXml } from '../lib/attachment.js';
import { createVolume, volumeFilled, deleteVolume } from '../lib/volume-lifecycle.js';
import { zoneId } from '../../regions.js';
import type { Cloud } from '../../cloud.js';
import { CloudError, invalidCombination } from '../../errors.js';
import { flag, ignored, integer, list, text } from '../../input.js';
import { regions } from '../../regions.js';
import type { VolumeRecord } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action, settle } from '../lib/action.js';
import { useToken } from '../lib/client-token.js';
import type { FilterFields } from '../lib/filters.js';
import { applyFilters, filterInput, filterTime } from '../lib/filters.js';
import { findVolume, seenVolumes } from '../lib/lookup.js';
import { paginate, refuseIdsWithPage } from '../lib/pagination.js';
import { readTagSpecifications, tagSet, tagSpecificationInput } from '../lib/tag-input.js';
import { checkVolumeCount } from '../lib/volume-limit.js';
import { checkVolumeWish } from '../lib/volume-spec.js';
import { attachmentStatus, volumeStatus } from '../lib/volume-state.js';

const createVolumeInput = {
  AvailabilityZone: text,
  AvailabilityZoneId: text,
  Encrypted: flag,
  Iops: integer,
  KmsKeyId: text,
  OutpostArn: ignored,
  Size: integer,
  SnapshotId: text,
  VolumeType: text,
  TagSpecification: tagSpecificationInput,
  MultiAttachEnabled: flag,
  Throughput: integer,
  ClientToken: text,
  VolumeInitializationRate: integer,
  Operator: ignored,
};

export const volumeActions: ActionTable = {
  CreateVolume: action(createVolumeInput, async (call, input) => {
    const { AvailabilityZone, AvailabilityZoneId, ClientToken, ...parameters } = input;
    const zone = resolveZone(call, AvailabilityZone, AvailabilityZoneId);
    const token = useToken(call, ClientToken, zone, parameters);
    const [earlier] = token.earlier ?? [];
    if (earlier !== undefined) return volumeXml(call.cloud, findVolume(call, earlier));
    const tags = readTagSpecifications(input.TagSpecification, ['volume']);
    checkVolumeCount(call);
    const spec = checkVolumeWish(call, {
      snapshotId: input.SnapshotId,
      sizeGiB: input.Size,
      type: input.VolumeType,
      iops: input.Iops,
      throughput: input.Throughput,
      encrypted: input.Encrypted,
    });
    const volume = createVolume(call, {
      spec,
      zone,
      tags: tags.get('volume') ?? {},
      clientToken: ClientToken,
    });
    token.remember([volume.id]);
    const answer = volumeXml(call.cloud, volume, 'creating');
    settle(call);
    if (call.cloud.latency.profile === 'instant') await volumeFilled(volume);
    return answer;
  }),

  DescribeVolumes: action(
    {
      VolumeId: list(text),
      Filter: filterInput,
      MaxResults: integer,
      NextToken: text,
      IncludeManagedResources: ignored,
    },
    (call, input) => {
      refuseIdsWithPage(input.VolumeId, input.MaxResults, 'volumesSet');
      const { cloud } = call;
      const now = cloud.clock.now();
      const candidates = seenVolumes(call, input.VolumeId);
      const matching = applyFilters(candidates, input.Filter, volumeFilters(now));
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return {
        volumeSet: page.items.map((volume) => volumeXml(cloud, volume)),
        nextToken: page.nextToken,
      };
    },
  ),

  DeleteVolume: action({ VolumeId: text }, (call, input) => {
    const volume = findVolume(call, requiredVolumeId(input.VolumeId));
    if (volume.attachment !== undefined) {
      throw new CloudError(
        'VolumeInUse',
        `Volume ${volume.id} is currently attached to ${volume.attachment.instanceId}`,
      );
    }
    // A second DeleteVolume, while the first still runs, is refused.
    if (volume.goneAt !== undefined) {
      throw new CloudError('InvalidVolume.NotFound', `The volume '${volume.id}' does not exist.`);
    }
    deleteVolume(call.cloud, volume);
    return { return: true };
  }),
};

export function requiredVolumeId(id: string | undefined): string {
  if (id !== undefined && id !== '') return id;
  throw new CloudError('MissingParameter', 'The request must contain the parameter volumeId');
}

function resolveZone(call: Call, name: string | undefined, id: string | undefined): string {
  const zones = regions.get(call.region)?.zones ?? [];
  if (name !== undefined && id !== undefined) {
    throw invalidCombination('Specify either AvailabilityZone or AvailabilityZoneId, not both.');
  }
  if (name === undefined && id === undefined) {
    throw new CloudError('MissingParameter', 'The request must contain the parameter zone');
  }
  const zone = zones.find((candidate) => candidate.name === name || candidate.id === id);
  if (zone !== undefined) return zone.name;
  throw new CloudError('InvalidZone.NotFound', `The zone '${name ?? id ?? ''}' does not exist.`);
}

/** EC2 API reference, DescribeVolumes: Filters. */
function volumeFilters(now: number): FilterFields<VolumeRecord> {
  return {
    'attachment.attach-time': ({ attachment }) => filterTime(attachment?.attachedFrom),
    'attachment.delete-on-termination': ({ attachment }) => attachment?.deleteOnTermination,
    'attachment.device': ({ attachment }) => attachment?.deviceName,
    'attachment.instance-id': ({ attachment }) => attachment?.instanceId,
    'attachment.status': ({ attachment }) => attachment && attachmentStatus(attachment, now),
    'availability-zone': ({ zone }) => zone,
    'availability-zone-id': ({ region, zone }) => zoneId(region, zone),
    'create-time': ({ createdAt }) => filterTime(createdAt),
    encrypted: ({ encrypted }) => encrypted,
    'fast-restored': () => false,
    'multi-attach-enabled': () => false,
    'operator.managed': () => false,
    size: ({ sizeGiB }) => sizeGiB,
    'snapshot-id': ({ snapshotId }) => snapshotId,
    status: (volume) => volumeStatus(volume, now),
    'volume-id': ({ id }) => id,
    'volume-type': ({ volumeType }) => volumeType,
  };
}

/** A Volume of the API; `status` where the answer is older than the record. */
function volumeXml(cloud: Cloud, volume: VolumeRecord, status?: string): XmlFields {
  const now = cloud.clock.now();
  return {
    volumeId: volume.id,
    size: volume.sizeGiB,
    snapshotId: volume.snapshotId,
    availabilityZone: volume.zone,
    availabilityZoneId: zoneId(volume.region, volume.zone),
    status: status ?? volumeStatus(volume, now),
    createTime: new Date(volume.createdAt),
    attachmentSet:
      volume.attachment === undefined ? [] : [attachmentXml(volume, volume.attachment, now)],
    tagSet: tagSet(volume.tags),
    volumeType: volume.volumeType,
    iops: volume.iops,
    throughput: volume.throughput,
    encrypted: volume.encrypted,
    sseType: volume.encrypted ? 'sse-kms' : 'none',
    multiAttachEnabled: false,
    operator: { managed: false },
  };
}
