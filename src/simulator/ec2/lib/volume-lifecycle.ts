/** What happens to a volume over time: it is made, its bytes are written, it is deleted. */

import type { Cloud } from '../../cloud.js';
import type { VolumeAttachment, VolumeRecord } from '../../store/state.js';
import { fillVolume, pinVolumeSource, removeVolumeFiles } from '../../store/storage.js';
import type { Call } from './action.js';
import { newResource } from './new-resource.js';
import type { VolumeSpec } from './volume-spec.js';

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
