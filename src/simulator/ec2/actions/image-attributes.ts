/** An image's attributes: who may launch it, its description, IMDS support. */

import { defaultDeprecation } from '../lib/deprecation.js';
import { imageBlockOf } from '../lib/account.js';
import { asSeen } from '../../store/changes.js';
import { CloudError, invalidCombination, invalidValue, missingParameter } from '../../errors.js';
import { list, oneOf, required, structure, text } from '../../input.js';
import type { InputOf } from '../../input.js';
import { publicImages, quotaOf } from '../../service-quotas/quotas.js';
import type { ImageRecord } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { blockDeviceXml } from '../lib/block-device-input.js';
import { findOwnImage, imageState, isPublic, unavailableImage } from '../lib/image-state.js';
import type { SharingChange } from '../lib/sharing.js';
import { applySharing, readSharing, sharingInput, sharingXml } from '../lib/sharing.js';

const modifyInput = {
  Attribute: oneOf('description', 'imdsSupport', 'launchPermission', 'productCodes'),
  Description: structure({ Value: text }),
  ImageId: required(text),
  LaunchPermission: structure({ Add: sharingInput, Remove: sharingInput }),
  OperationType: oneOf('add', 'remove'),
  ProductCode: list(text),
  UserGroup: list(text),
  UserId: list(text),
  Value: text,
  OrganizationArn: list(text),
  OrganizationalUnitArn: list(text),
  ImdsSupport: structure({ Value: oneOf('v2.0') }),
};
type ModifyInput = InputOf<typeof modifyInput>;

const describedAttributes = oneOf(
  'description',
  'kernel',
  'ramdisk',
  'launchPermission',
  'productCodes',
  'blockDeviceMapping',
  'sriovNetSupport',
  'bootMode',
  'tpmSupport',
  'uefiData',
  'lastLaunchedTime',
  'imdsSupport',
  'deregistrationProtection',
);

export const imageAttributeActions: ActionTable = {
  ModifyImageAttribute: action(modifyInput, (call, input) => {
    const image = findOwnImage(call, input.ImageId);
    // EC2 API reference, error codes: InvalidAMIID.Unavailable ("not in a state from which you can ... modify attributes").
    const state = imageState(call, image);
    if (state === 'pending' || state === 'failed') throw unavailableImage(image.id);
    const attribute = attributeOf(input);
    if (attribute === 'description') {
      image.description = input.Description?.Value ?? input.Value ?? '';
    } else if (attribute === 'imdsSupport') {
      const value = input.ImdsSupport?.Value ?? input.Value;
      if (value !== 'v2.0') throw invalidValue("The only value of imdsSupport is 'v2.0'.");
      Object.assign(image, { imdsSupport: value });
    } else modifySharing(call, image, input);
    call.cloud.images.put(image);
    return { return: true };
  }),

  DescribeImageAttribute: action(
    { Attribute: required(describedAttributes), ImageId: required(text) },
    (call, input) => {
      const image = asSeen(findOwnImage(call, input.ImageId), call.cloud.clock.now());
      return { imageId: image.id, ...attributeXml(image, input.Attribute) };
    },
  ),

  ResetImageAttribute: action(
    { Attribute: required(oneOf('launchPermission')), ImageId: required(text) },
    (call, input) => {
      const image = findOwnImage(call, input.ImageId);
      image.permissions = { everyone: false, accounts: [] };
      call.cloud.images.put(image);
      return { return: true };
    },
  ),
};

/** One attribute a call, named or given as its own parameter (ModifyImageAttribute). */
function attributeOf(input: ModifyInput): 'description' | 'imdsSupport' | 'launchPermission' {
  if (input.ProductCode.length > 0 || input.Attribute === 'productCodes') {
    throw invalidCombination('Product codes cannot be modified.');
  }
  if (input.OrganizationArn.length + input.OrganizationalUnitArn.length > 0) {
    throw invalidValue('The organization does not exist.');
  }
  const given = [
    ...(input.Description === undefined ? [] : (['description'] as const)),
    ...(input.ImdsSupport === undefined ? [] : (['imdsSupport'] as const)),
    ...(input.LaunchPermission === undefined ? [] : (['launchPermission'] as const)),
  ];
  const names = new Set(input.Attribute === undefined ? given : [input.Attribute, ...given]);
  if (names.size > 1) throw invalidCombination('Only one attribute can be modified at a time.');
  const [name] = names;
  if (name !== undefined) return name;
  if (input.UserGroup.length + input.UserId.length > 0) return 'launchPermission';
  throw missingParameter('attribute');
}

function modifySharing(call: Call, image: ImageRecord, input: ModifyInput): void {
  const change = readSharing({
    structured: input.LaunchPermission,
    groups: input.UserGroup,
    users: input.UserId,
    operation: input.OperationType,
    name: 'launchPermission',
  });
  checkShareable(call, image, change);
  image.permissions = applySharing(image.permissions, change);
  if (isPublic(image)) image.deprecationTime ??= defaultDeprecation(image);
}

function checkShareable(call: Call, image: ImageRecord, change: SharingChange): void {
  if (image.disabled === true) throw unavailableImage(image.id);
  if (!change.addsEveryone || isPublic(image)) return;
  // EC2 user guide, "Shared AMIs": images with encrypted volumes cannot be public.
  if (image.blockDevices.some(({ ebs }) => ebs?.encrypted === true)) {
    throw new CloudError(
      'OperationNotPermitted',
      `The image ${image.id} has encrypted snapshots and cannot be made public.`,
    );
  }
  // EC2 user guide, "Block public access to your AMIs".
  if (imageBlockOf(call.cloud, call.region) !== 'unblocked') {
    throw new CloudError(
      'OperationNotPermitted',
      "You can't publicly share this AMI because block public access for AMIs is enabled for this account. To publicly share the AMI, you must call the DisableImageBlockPublicAccess API.",
    );
  }
  checkPublicQuota(call);
}

function checkPublicQuota(call: Call): void {
  const { cloud, region } = call;
  const quota = quotaOf(cloud, publicImages, region);
  if (quota === undefined) return;
  let used = 0;
  for (const image of cloud.images.inRegion(region)) {
    if (image.ownerId === cloud.accountId && isPublic(image)) used += 1;
  }
  if (used >= quota) {
    throw new CloudError(
      'ResourceLimitExceeded',
      `You have reached your quota of ${quota} for the number of public images allowed in this Region. Deregister unused public images or request an increase in your public AMIs quota.`,
    );
  }
}

function attributeXml(image: ImageRecord, attribute: string): XmlFields {
  const value = (text: string | undefined): XmlFields => ({ value: text });
  switch (attribute) {
    case 'description':
      return { description: value(image.description) };
    case 'kernel':
      return { kernel: value(image.kernelId) };
    case 'ramdisk':
      return { ramdisk: value(image.ramdiskId) };
    case 'launchPermission':
      return { launchPermission: sharingXml(image.permissions) };
    case 'blockDeviceMapping':
      return { blockDeviceMapping: image.blockDevices.map(blockDeviceXml) };
    case 'sriovNetSupport':
      return { sriovNetSupport: value(image.sriovNetSupport) };
    case 'bootMode':
      return { bootMode: value(image.bootMode) };
    case 'tpmSupport':
      return { tpmSupport: value(image.tpmSupport) };
    case 'uefiData':
      return { uefiData: value(image.uefiData) };
    case 'lastLaunchedTime': {
      const time = image.lastLaunchedAt;
      return {
        lastLaunchedTime: value(time === undefined ? undefined : new Date(time).toISOString()),
      };
    }
    case 'imdsSupport':
      return { imdsSupport: value(image.imdsSupport) };
    case 'deregistrationProtection':
      return { deregistrationProtection: value(image.deregistrationProtection ?? 'disabled') };
    default:
      return { productCodes: [] };
  }
}
