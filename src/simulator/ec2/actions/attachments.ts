/** Attaching volumes to instances: AttachVolume, DetachVolume. */

import {
  attachmentXml,
  checkDeviceName,
  diskOf,
  removeAttachment,
  detachFromGuest,
} from '../lib/attachment.js';
import { CloudError, incorrectState, invalidValue } from '../../errors.js';
import { flag, ignored, required, text } from '../../input.js';
import type { InstanceRecord, VolumeAttachment, VolumeRecord } from '../../store/state.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action, settle } from '../lib/action.js';
import { findInstance, findVolume } from '../lib/lookup.js';
import { volumeStatus } from '../lib/volume-state.js';

export const attachmentActions: ActionTable = {
  AttachVolume: action(
    {
      Device: required(text),
      InstanceId: required(text),
      VolumeId: required(text),
      EbsCardIndex: ignored,
    },
    async (call, input) => {
      const { cloud } = call;
      const volume = findVolume(call, input.VolumeId);
      const instance = findInstance(call, input.InstanceId);
      checkDeviceName(input.Device);
      checkAttachable(call, volume, instance, input.Device);
      const now = cloud.clock.now();
      const attachment: VolumeAttachment = {
        instanceId: instance.id,
        deviceName: input.Device,
        attachedFrom: now,
        attachedAt: now + cloud.latency.draw('volumeAttaching'),
        // Volumes attached after launch persist (EC2 user guide, "Preserve data when an instance is terminated").
        deleteOnTermination: false,
      };
      volume.attachment = attachment;
      instance.volumeIds = [...instance.volumeIds, volume.id];
      cloud.volumes.put(volume);
      cloud.instances.put(instance);
      settle(call);
      const machine = cloud.machines.get(instance.id);
      if (machine !== undefined) {
        try {
          await machine.attach(diskOf(cloud, volume, attachment));
        } catch (error) {
          removeAttachment(cloud, volume);
          throw new CloudError(
            'InternalError',
            `An internal error has occurred: ${String(error)}`,
            500,
          );
        }
      }
      return attachmentXml(volume, attachment, now, 'attaching');
    },
  ),

  DetachVolume: action(
    { Device: text, Force: flag, InstanceId: text, VolumeId: required(text) },
    async (call, input) => {
      const { cloud } = call;
      const volume = findVolume(call, input.VolumeId);
      const { attachment } = volume;
      if (attachment === undefined) {
        const status = volumeStatus(volume, cloud.clock.now());
        throw incorrectState(`Volume '${volume.id}' is in the '${status}' state.`);
      }
      const wrongInstance =
        input.InstanceId !== undefined && input.InstanceId !== attachment.instanceId;
      const wrongDevice = input.Device !== undefined && input.Device !== attachment.deviceName;
      if (wrongInstance || wrongDevice) throw attachmentNotFound(volume, input.InstanceId);
      const instance = cloud.instances.get(call.region, attachment.instanceId);
      const isRoot = instance?.rootDeviceName === attachment.deviceName;
      if (isRoot && instance.state !== 'stopped') {
        throw new CloudError(
          'OperationNotPermitted',
          `Unable to detach root volume '${volume.id}' from instance '${instance.id}'`,
        );
      }
      attachment.detaching = true;
      cloud.volumes.put(volume);
      settle(call);
      const now = cloud.clock.now();
      await detachFromGuest(cloud, volume, attachment, input.Force === true);
      return attachmentXml(
        volume,
        attachment,
        now,
        attachment.busy === true ? 'busy' : 'detaching',
      );
    },
  ),
};

function checkAttachable(
  call: Call,
  volume: VolumeRecord,
  instance: InstanceRecord,
  device: string,
): void {
  const status = volumeStatus(volume, call.cloud.clock.now());
  if (volume.attachment !== undefined) {
    throw new CloudError('VolumeInUse', `${volume.id} is already attached to an instance`);
  }
  if (status !== 'available') {
    throw incorrectState(`Volume '${volume.id}' is not 'available' but '${status}'.`);
  }
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw incorrectState(`Instance '${instance.id}' is not 'running'.`);
  }
  if (volume.zone !== instance.zone) {
    throw new CloudError(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
    );
  }
  const taken = instance.volumeIds.some(
    (id) => call.cloud.volumes.get(call.region, id)?.attachment?.deviceName === device,
  );
  if (taken) {
    throw invalidValue(
      `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
    );
  }
}

function attachmentNotFound(volume: VolumeRecord, instanceId: string | undefined): CloudError {
  return new CloudError(
    'InvalidAttachment.NotFound',
    `The volume '${volume.id}' is not attached to instance '${instanceId ?? ''}' as that device.`,
  );
}
