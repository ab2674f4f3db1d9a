/** RegisterImage: an image from snapshots, every field checked and kept. */

import { checkImageName } from '../lib/image-name.js';
import { CloudError, invalidCombination, invalidValue, missingParameter } from '../../errors.js';
import { flag, list, oneOf, required, text } from '../../input.js';
import type { InputOf } from '../../input.js';
import type {
  Architecture,
  ImageBlockDevice,
  ImageRecord,
  VirtualizationType,
} from '../../store/state.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import type { BlockDevice } from '../lib/block-device-input.js';
import { blockDeviceInput, checkDeviceNames, invalidMapping } from '../lib/block-device-input.js';
import { findImage } from '../lib/lookup.js';
import { newResource } from '../lib/new-resource.js';
import { readTagSpecifications, tagSpecificationInput } from '../lib/tag-input.js';
import { checkPerformance, checkTypeAndSize, usableSnapshot } from '../lib/volume-spec.js';
import { volumeIops } from '../lib/volume-state.js';

const registerInput = {
  ImageLocation: text,
  Name: required(text),
  Description: text,
  Architecture: oneOf('i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac'),
  VirtualizationType: oneOf('hvm', 'paravirtual'),
  KernelId: text,
  RamdiskId: text,
  RootDeviceName: text,
  BlockDeviceMapping: blockDeviceInput,
  SriovNetSupport: oneOf('simple'),
  EnaSupport: flag,
  BootMode: oneOf('legacy-bios', 'uefi', 'uefi-preferred'),
  TpmSupport: oneOf('v2.0'),
  UefiData: text,
  ImdsSupport: oneOf('v2.0'),
  BillingProduct: list(text),
  TagSpecification: tagSpecificationInput,
};
type RegisterInput = InputOf<typeof registerInput>;

export const registerImageActions: ActionTable = {
  RegisterImage: action(registerInput, (call, input) => {
    const tags = readTagSpecifications(input.TagSpecification, ['image']).get('image');
    checkImageName(input.Name);
    if (input.ImageLocation !== undefined) {
      // EC2 user guide, "Root device type": instance store-backed AMIs are at their end of life.
      throw new CloudError(
        'InvalidManifest',
        `HTTP 403 (Forbidden) response for URL ${input.ImageLocation}: check your manifest path is correct and in the correct region.`,
      );
    }
    const nature = checkNature(call, input);
    const rootDeviceName = input.RootDeviceName ?? '/dev/sda1';
    const blockDevices = checkDevices(call, input.BlockDeviceMapping, rootDeviceName);
    refuseDuplicateName(call, input.Name);
    const fresh = newResource(call, 'ami', tags ?? {});
    const image: ImageRecord = {
      ...fresh,
      ...nature,
      imageType: 'machine',
      ownerId: call.cloud.accountId,
      name: input.Name,
      description: input.Description,
      rootDeviceName,
      blockDevices,
      os: 'unknown',
      availableAt: fresh.createdAt + call.cloud.latency.draw('imagePending'),
      permissions: { everyone: false, accounts: [] },
      ...(input.BillingProduct.length > 0 ? { billingProducts: input.BillingProduct } : {}),
    };
    call.cloud.images.put(image);
    return { imageId: image.id };
  }),
};

function refuseDuplicateName(call: Call, name: string): void {
  const { cloud, region } = call;
  for (const image of cloud.images.inRegion(region)) {
    if (image.ownerId === cloud.accountId && image.name === name) throw duplicate(name, image.id);
  }
  // Error codes: "If you have recently deregistered an AMI with the same name, allow enough time".
  const freed = cloud.freedNames.get(`${region}/${name}`);
  if (freed !== undefined && freed.freedAt > cloud.clock.now())
    throw duplicate(name, freed.imageId);
}

function duplicate(name: string, imageId: string): CloudError {
  return new CloudError(
    'InvalidAMIName.Duplicate',
    `AMI name ${name} is already in use by AMI ${imageId}`,
  );
}

type Nature = Pick<
  ImageRecord,
  | 'architecture'
  | 'virtualizationType'
  | 'enaSupport'
  | 'bootMode'
  | 'sriovNetSupport'
  | 'tpmSupport'
  | 'imdsSupport'
  | 'uefiData'
  | 'kernelId'
  | 'ramdiskId'
>;

function checkNature(call: Call, input: RegisterInput): Nature {
  // EC2 API reference, RegisterImage: the defaults are paravirtual and, EBS-backed, i386.
  const virtualizationType: VirtualizationType = input.VirtualizationType ?? 'paravirtual';
  const architecture = input.Architecture ?? 'i386';
  if (architecture === 'x86_64_mac' || architecture === 'arm64_mac') {
    throw invalidValue(
      `Value (${architecture}) for parameter architecture is invalid here: there are no Mac instances.`,
    );
  }
  if (virtualizationType === 'paravirtual') checkParavirtual(call, input, architecture);
  else if (input.KernelId !== undefined || input.RamdiskId !== undefined) {
    throw invalidCombination('Kernel and RAM disk cannot be specified for HVM images.');
  }
  checkBootMode(input, architecture);
  const optional = {
    bootMode: input.BootMode,
    sriovNetSupport: input.SriovNetSupport,
    tpmSupport: input.TpmSupport,
    imdsSupport: input.ImdsSupport,
    uefiData: input.UefiData,
    kernelId: input.KernelId,
    ramdiskId: input.RamdiskId,
  };
  return {
    architecture,
    virtualizationType,
    enaSupport: input.EnaSupport === true,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Omit<Nature, 'architecture' | 'virtualizationType' | 'enaSupport'>),
  };
}

function checkParavirtual(call: Call, input: RegisterInput, architecture: Architecture): void {
  if (architecture === 'arm64') {
    throw invalidCombination("The architecture 'arm64' requires the virtualization type 'hvm'.");
  }
  // RegisterImage: EnaSupport and SriovNetSupport are "supported only for HVM AMIs".
  if (input.EnaSupport === true || input.SriovNetSupport !== undefined) {
    throw invalidCombination('Enhanced networking is supported only for HVM AMIs.');
  }
  if (
    input.BootMode !== undefined ||
    input.TpmSupport !== undefined ||
    input.UefiData !== undefined
  ) {
    throw invalidCombination('Boot mode, TPM and UEFI data are supported only for HVM AMIs.');
  }
  // EC2 user guide, "User provided kernels": a PV AMI names a kernel image of its region.
  if (input.KernelId === undefined) throw missingParameter('kernelId');
  const kernel = findImage(call, input.KernelId);
  if (kernel.imageType !== 'kernel') {
    throw invalidValue(
      `Value (${input.KernelId}) for parameter kernelId is invalid. It is not the id of a kernel image of this region.`,
    );
  }
  if (kernel.architecture !== architecture) {
    throw invalidCombination(
      `The kernel ${kernel.id} is for ${kernel.architecture}, the image for ${architecture}.`,
    );
  }
  if (input.RamdiskId !== undefined) findImage(call, input.RamdiskId);
}

/** EC2 user guide, "Instance launch behavior with Amazon EC2 boot modes"; NitroTPM: requirements. */
function checkBootMode(input: RegisterInput, architecture: Architecture): void {
  const { BootMode: bootMode } = input;
  if (architecture === 'arm64' && bootMode !== undefined && bootMode !== 'uefi') {
    throw invalidCombination(
      `The boot mode '${bootMode}' is not supported with architecture 'arm64'; it requires 'uefi'.`,
    );
  }
  if (architecture === 'i386' && bootMode !== undefined && bootMode !== 'legacy-bios') {
    throw invalidCombination(
      `The boot mode '${bootMode}' is not supported with architecture 'i386'.`,
    );
  }
  if (input.TpmSupport !== undefined && bootMode !== 'uefi') {
    throw invalidCombination("TpmSupport requires the boot mode 'uefi'.");
  }
  if (input.UefiData !== undefined && bootMode !== 'uefi' && bootMode !== 'uefi-preferred') {
    throw invalidCombination("UefiData requires the boot mode 'uefi' or 'uefi-preferred'.");
  }
}

function checkDevices(
  call: Call,
  devices: readonly BlockDevice[],
  rootDeviceName: string,
): ImageBlockDevice[] {
  if (devices.length === 0) throw missingParameter('blockDeviceMapping');
  checkDeviceNames(devices);
  const root = devices.find((device) => device.DeviceName === rootDeviceName);
  if (root?.Ebs?.SnapshotId === undefined) {
    throw invalidMapping(
      `The root device ${rootDeviceName} must be in the block device mapping, with a snapshot.`,
    );
  }
  return devices.map((device) => toImageDevice(call, device, rootDeviceName));
}

function toImageDevice(call: Call, device: BlockDevice, rootDeviceName: string): ImageBlockDevice {
  const { DeviceName: deviceName = '', Ebs: ebs, VirtualName: virtualName } = device;
  if (device.NoDevice !== undefined) return { deviceName, noDevice: true };
  if (ebs === undefined) {
    if (virtualName === undefined)
      throw invalidMapping(`The device ${deviceName} has neither ebs nor virtualName.`);
    return { deviceName, virtualName };
  }
  // EbsBlockDevice: Encrypted "must be omitted" with a snapshot, whatever its value.
  if (ebs.SnapshotId !== undefined && ebs.Encrypted !== undefined) {
    throw invalidMapping(
      `the encrypted flag cannot be specified since device ${deviceName} has a snapshot specified.`,
    );
  }
  const snapshot = ebs.SnapshotId === undefined ? undefined : usableSnapshot(call, ebs.SnapshotId);
  const volumeSizeGiB = ebs.VolumeSize ?? snapshot?.sizeGiB;
  if (volumeSizeGiB === undefined) {
    throw missingParameter('size or snapshotId of the block device mapping');
  }
  // Not CreateVolume's gp2: a mapping without a type has always meant magnetic.
  const volumeType = ebs.VolumeType ?? 'standard';
  checkTypeAndSize(volumeType, volumeSizeGiB);
  checkPerformance(volumeType, { iops: ebs.Iops, throughput: ebs.Throughput });
  if (snapshot !== undefined && volumeSizeGiB < snapshot.sizeGiB) {
    throw invalidMapping(
      `Volume of size ${volumeSizeGiB}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.sizeGiB}GB`,
    );
  }
  const iops =
    volumeType === 'gp2' || volumeType === 'standard'
      ? undefined
      : volumeIops(volumeType, volumeSizeGiB, ebs.Iops);
  return {
    deviceName,
    ebs: {
      ...(snapshot === undefined ? {} : { snapshotId: snapshot.id }),
      volumeSizeGiB,
      volumeType,
      deleteOnTermination: ebs.DeleteOnTermination ?? deviceName === rootDeviceName,
      encrypted: snapshot?.encrypted ?? ebs.Encrypted === true,
      ...(iops === undefined ? {} : { iops }),
      ...(volumeType === 'gp3' ? { throughput: ebs.Throughput ?? 125 } : {}),
    },
  };
}
