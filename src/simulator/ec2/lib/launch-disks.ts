/** The volumes of a launch: the image's mapping with the request's over it. */

import type { ImageBlockDevice, ImageRecord } from '../../store/state.js';
import type { Call } from './action.js';
import type { BlockDevice } from './block-device-input.js';
import { checkDeviceNames, invalidMapping } from './block-device-input.js';
import type { VolumeSpec } from './volume-spec.js';
import { checkVolumeWish } from './volume-spec.js';

export interface LaunchDisk {
  readonly deviceName: string;
  readonly deleteOnTermination: boolean;
  readonly spec: VolumeSpec;
}

type EbsWish = NonNullable<BlockDevice['Ebs']>;

/** EC2 user guide, "Block device mappings": by device name, NoDevice takes one away. */
export function planDisks(
  call: Call,
  image: ImageRecord,
  requested: readonly BlockDevice[],
): LaunchDisk[] {
  checkDeviceNames(requested);
  const overrides = new Map(requested.map((device) => [device.DeviceName ?? '', device]));
  const disks: LaunchDisk[] = [];
  for (const device of image.blockDevices) {
    const override = overrides.get(device.deviceName);
    overrides.delete(device.deviceName);
    if (override?.NoDevice !== undefined) {
      if (device.deviceName === image.rootDeviceName) {
        throw invalidMapping(`The root device ${device.deviceName} cannot be suppressed.`);
      }
      continue;
    }
    // Instance store volumes do not exist here; NVMe ones are ignored in mappings anyway.
    if (device.ebs === undefined) continue;
    disks.push(imageDisk(call, image, device, override?.Ebs));
  }
  for (const [deviceName, device] of overrides) {
    if (device.NoDevice !== undefined || device.Ebs === undefined) continue;
    disks.push(addedDisk(call, deviceName, device.Ebs));
  }
  return disks;
}

function imageDisk(
  call: Call,
  image: ImageRecord,
  device: ImageBlockDevice,
  override: EbsWish | undefined,
): LaunchDisk {
  const { ebs } = device;
  const isRoot = device.deviceName === image.rootDeviceName;
  if (isRoot && override?.SnapshotId !== undefined && override.SnapshotId !== ebs?.snapshotId) {
    throw invalidMapping('snapshotId cannot be modified on root device');
  }
  if (override?.Encrypted === false && ebs?.encrypted === true) {
    throw invalidMapping(
      `The device ${device.deviceName} is encrypted and cannot be launched unencrypted.`,
    );
  }
  const type = override?.VolumeType ?? ebs?.volumeType;
  const sameType = type === ebs?.volumeType;
  return {
    deviceName: device.deviceName,
    deleteOnTermination: override?.DeleteOnTermination ?? ebs?.deleteOnTermination ?? isRoot,
    spec: checkVolumeWish(call, {
      snapshotId: override?.SnapshotId ?? ebs?.snapshotId,
      sizeGiB: override?.VolumeSize ?? ebs?.volumeSizeGiB,
      type,
      iops: override?.Iops ?? (sameType ? ebs?.iops : undefined),
      throughput: override?.Throughput ?? (sameType ? ebs?.throughput : undefined),
      encrypted: override?.Encrypted ?? ebs?.encrypted,
    }),
  };
}

/** EC2 user guide, "Preserve data when an instance is terminated": all volumes but the root are kept by default. */
function addedDisk(call: Call, deviceName: string, ebs: EbsWish): LaunchDisk {
  return {
    deviceName,
    deleteOnTermination: ebs.DeleteOnTermination ?? false,
    spec: checkVolumeWish(call, {
      snapshotId: ebs.SnapshotId,
      sizeGiB: ebs.VolumeSize,
      type: ebs.VolumeType,
      iops: ebs.Iops,
      throughput: ebs.Throughput,
      encrypted: ebs.Encrypted,
    }),
  };
}
