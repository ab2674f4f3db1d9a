/** A volume's attachment to an instance: how it is shown, how it ends, which disk the guest sees. */

import type { Cloud } from '../../cloud.js';
import { invalidValue } from '../../errors.js';
import type { XmlFields } from '../../http/xml.js';
import type { MachineDisk } from '../../machine/machine.js';
import type { VolumeAttachment, VolumeRecord } from '../../store/state.js';
import { bytesPerGiB, volumeFile } from '../../store/storage.js';
import { attachmentStatus } from './volume-state.js';

/** How long until a detachment that the guest holds up is tried again. */
const busyRetryMs = 500;

/**
 * Takes the disk out of the guest, then ends the attachment after a while. A guest that has it mounted
 * makes the attachment `busy` until it lets go (EC2 user guide, "Detach an Amazon EBS volume").
 */
export async function detachFromGuest(
  cloud: Cloud,
  volume: VolumeRecord,
  attachment: VolumeAttachment,
  force: boolean,
): Promise<void> {
  const machine = cloud.machines.get(attachment.instanceId);
  if (machine !== undefined) {
    try {
      await machine.detach(volume.id);
    } catch {
      if (!force) {
        attachment.busy = true;
        if (volume.attachment === attachment) cloud.volumes.put(volume);
        cloud.clock.schedule(busyRetryMs, () => {
          if (volume.attachment === attachment)
            cloud.background(detachFromGuest(cloud, volume, attachment, false));
        });
        return;
      }
    }
  }
  if (volume.attachment !== attachment) return;
  delete attachment.busy;
  cloud.volumes.put(volume);
  endDetachmentLater(cloud, volume);
}

/** Goes on with a detachment that a restart of the process has interrupted. */
export function resumeDetachment(cloud: Cloud, volume: VolumeRecord): void {
  const { attachment } = volume;
  if (attachment !== undefined) cloud.background(detachFromGuest(cloud, volume, attachment, false));
}

function endDetachmentLater(cloud: Cloud, volume: VolumeRecord): void {
  const { attachment } = volume;
  cloud.clock.schedule(cloud.latency.draw('volumeDetaching'), () => {
    if (attachment === undefined || volume.attachment !== attachment) return;
    removeAttachment(cloud, volume);
    cloud.happened('volume-detached', volume.region);
  });
}

/** Ends the attachment in both records at once. */
export function removeAttachment(cloud: Cloud, volume: VolumeRecord): void {
  const { attachment } = volume;
  if (attachment === undefined) return;
  delete volume.attachment;
  cloud.volumes.put(volume);
  const instance = cloud.instances.get(volume.region, attachment.instanceId);
  if (instance === undefined) return;
  instance.volumeIds = instance.volumeIds.filter((id) => id !== volume.id);
  cloud.instances.put(instance);
}

export function diskOf(
  cloud: Cloud,
  volume: VolumeRecord,
  attachment: VolumeAttachment,
): MachineDisk {
  return {
    volumeId: volume.id,
    deviceName: attachment.deviceName,
    file: volumeFile(cloud.stateDir, volume),
    sizeBytes: volume.sizeGiB * bytesPerGiB,
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
