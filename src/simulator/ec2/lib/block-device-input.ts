/** Block device mappings as requests have them, and as answers show an image's. */

import { checkDeviceName } from './attachment.js';
import { CloudError, invalidValue } from '../../errors.js';
import { flag, ignored, integer, list, structure, text } from '../../input.js';
import type { ImageBlockDevice } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';

export const blockDeviceInput = list(
  structure({
    DeviceName: text,
    VirtualName: text,
    NoDevice: text,
    Ebs: structure({
      DeleteOnTermination: flag,
      Iops: integer,
      SnapshotId: text,
      VolumeSize: integer,
      VolumeType: text,
      KmsKeyId: text,
      Throughput: integer,
      OutpostArn: ignored,
      AvailabilityZone: text,
      AvailabilityZoneId: text,
      Encrypted: flag,
      VolumeInitializationRate: integer,
      EbsCardIndex: ignored,
    }),
  }),
);
export type BlockDevice = ReturnType<typeof blockDeviceInput>[number];

export function invalidMapping(message: string): CloudError {
  return new CloudError('InvalidBlockDeviceMapping', message);
}

/** Names present, well-formed and unique. */
export function checkDeviceNames(devices: readonly BlockDevice[]): void {
  const seen = new Set<string>();
  for (const { DeviceName: name } of devices) {
    if (name === undefined || name === '')
      throw invalidMapping('Each mapping needs a device name.');
    checkDeviceName(name);
    if (seen.has(name)) throw invalidMapping(`Duplicate device name: ${name}`);
    seen.add(name);
  }
  for (const { DeviceName: name, VirtualName: virtual, Ebs: ebs } of devices) {
    if (virtual === undefined) continue;
    if (ebs !== undefined) {
      throw invalidMapping(`The device '${name ?? ''}' cannot have both virtualName and ebs.`);
    }
    if (!/^ephemeral\d{1,2}$/.test(virtual)) {
      throw invalidValue(`Value (${virtual}) for parameter virtualName is invalid.`);
    }
  }
}

/** A BlockDeviceMapping of an image. */
export function blockDeviceXml(device: ImageBlockDevice): XmlFields {
  const { ebs } = device;
  return {
    deviceName: device.deviceName,
    virtualName: device.virtualName,
    noDevice: device.noDevice === true ? '' : undefined,
    ebs:
      ebs === undefined
        ? undefined
        : {
            deleteOnTermination: ebs.deleteOnTermination,
            snapshotId: ebs.snapshotId,
            volumeSize: ebs.volumeSizeGiB,
            volumeType: ebs.volumeType,
            iops: ebs.iops,
            throughput: ebs.throughput,
            encrypted: ebs.encrypted,
          },
  };
}
