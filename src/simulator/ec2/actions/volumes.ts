/** Volumes: CreateVolume, DescribeVolumes, DeleteVolume. */

import type { Cloud } from '../../cloud.js';
import { CloudError, invalidCombination, invalidValue } from '../../errors.js';
import { flag, ignored, integer, list, text } from '../../input.js';
import { regions } from '../../regions.js';
import type { VolumeAttachment, VolumeRecord } from '../../store/state.js';
import { fillVolume, pinVolumeSource, removeVolumeFiles } from '../../store/storage.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action, settle } from '../lib/action.js';
import { useToken } from '../lib/client-token.js';
import type { FilterFields } from '../lib/filters.js';
import { applyFilters, filterInput, filterTime } from '../lib/filters.js';
import { findVolume, seenVolumes } from '../lib/lookup.js';
import { newResource } from '../lib/new-resource.js';
import { paginate, refuseIdsWithPage } from '../lib/pagination.js';
import { readTagSpecifications, tagSet, tagSpecificationInput } from '../lib/tag-input.js';
import { checkVolumeCount } from '../lib/volume-limit.js';
import { checkVolumeWish } from '../lib/volume-spec.js';
import type { VolumeSpec } from '../lib/volume-spec.js';
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
    // A second DeleteVolume while the first still runs finds no volume in a state to delete.
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

export interface NewVolume {
  readonly spec: VolumeSpec;
  readonly zone: string;
  readonly tags: Record<string, string>;
  readonly clientToken?: string | undefined;
  readonly attachment?: VolumeAttachment;
}

const filling = new WeakMap<VolumeRecord, Promise<void>>();

/** Adds the record, in state `creating`, and begins to write its file. */
export function createVolume(call: Call, wanted: NewVolume): VolumeRecord {
  const { cloud } = call;
  const { spec } = wanted;
  const fresh = newResource(call, 'vol', wanted.tags);
  const volume: VolumeRecord = {
    ...fresh,
    zone: wanted.zone,
    sizeGiB: spec.sizeGiB,
    volumeType: spec.type,
    ...(spec.iops === undefined ? {} : { iops: spec.iops }),
    ...(spec.throughput === undefined ? {} : { throughput: spec.throughput }),
    encrypted: spec.encrypted,
    snapshotId: spec.snapshot?.id ?? '',
    ...(wanted.clientToken === undefined ? {} : { clientToken: wanted.clientToken }),
    availableAt: fresh.createdAt + cloud.latency.draw('volumeCreating'),
    filled: false,
    ...(wanted.attachment === undefined ? {} : { attachment: wanted.attachment }),
  };
  if (spec.snapshot !== undefined) pinVolumeSource(cloud.stateDir, volume, spec.snapshot);
  cloud.volumes.put(volume);
  beginFilling(cloud, volume);
  return volume;
}

/** Writes the volume's bytes in the background; also for volumes that a restart found without theirs. */
export function beginFilling(cloud: Cloud, volume: VolumeRecord): void {
  const done = fillVolume(cloud.stateDir, volume).then(
    () => {
      if (cloud.isClosed()) return;
      if (volume.goneAt !== undefined) return removeVolumeFiles(cloud.stateDir, volume);
      volume.filled = true;
      cloud.volumes.put(volume);
      cloud.happened('volume-filled', volume.region);
    },
    (error: unknown) => {
      if (volume.goneAt !== undefined || cloud.isClosed()) return;
      volume.failed = String(error);
      cloud.volumes.put(volume);
      cloud.happened('volume-failed', volume.region, { reason: volume.failed });
      cloud.log(`volume ${volume.id}: its file cannot be written: ${volume.failed}`);
    },
  );
  filling.set(volume, done);
  cloud.background(cloud.clock.holdDuring(done));
}

/** Resolves when the volume's file is whole, or will never be (`failed`). */
export async function volumeFilled(volume: VolumeRecord): Promise<void> {
  await filling.get(volume);
}

/** Frees the bytes at once; the id is listed as `deleting` for a while. */
export function deleteVolume(cloud: Cloud, volume: VolumeRecord): void {
  const delayMs = cloud.latency.draw('volumeDeleting');
  delete volume.attachment;
  volume.goneAt = cloud.clock.now() + delayMs;
  cloud.volumes.put(volume);
  cloud.store.afterFlush(() => removeVolumeFiles(cloud.stateDir, volume));
  forgetVolumeLater(cloud, volume);
}

export function forgetVolumeLater(cloud: Cloud, volume: VolumeRecord): void {
  cloud.clock.schedule((volume.goneAt ?? 0) - cloud.clock.now(), () => {
    cloud.volumes.delete(volume);
    cloud.happened('volume-deleted', volume.region);
  });
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

export function zoneId(region: string, zone: string): string | undefined {
  return regions.get(region)?.zones.find((candidate) => candidate.name === zone)?.id;
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

/** A VolumeAttachment of the API. */
export function attachmentXml(
  volume: VolumeRecord,
  attachment: VolumeAttachment,
  now: number,
  status?: string,
): XmlFields {
  return {
    volumeId: volume.id,
    instanceId: attachment.instanceId,
    device: attachment.deviceName,
    status: status ?? attachmentStatus(attachment, now),
    attachTime: new Date(attachment.attachedFrom),
    deleteOnTermination: attachment.deleteOnTermination,
  };
}

export function checkDeviceName(name: string): void {
  // EC2 user guide, "Device names for volumes on Amazon EC2 instances".
  if (!/^(?:\/dev\/)?(?:sd|xvd|hd)[a-z]{1,2}\d{0,2}$/.test(name)) {
    throw invalidValue(
      `Value (${name}) for parameter device is invalid. ${name} is not a valid EBS device name.`,
    );
  }
}
