/** DescribeImages: which images a caller sees, and how one is shown. */

import { integer, flag, list, text } from '../../input.js';
import type { ImageRecord } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { blockDeviceXml } from '../lib/block-device-input.js';
import type { FilterFields } from '../lib/filters.js';
import { applyFilters, filterInput, filterTime } from '../lib/filters.js';
import { imageState } from '../lib/image-state.js';
import { seenImages } from '../lib/lookup.js';
import { paginate, refuseIdsWithPage } from '../lib/pagination.js';
import { maySee } from '../lib/snapshot-state.js';
import { tagSet } from '../lib/tag-input.js';

export const describeImagesActions: ActionTable = {
  DescribeImages: action(
    {
      ExecutableBy: list(text),
      ImageId: list(text),
      Owner: list(text),
      IncludeDeprecated: flag,
      IncludeDisabled: flag,
      Filter: filterInput,
      MaxResults: integer,
      NextToken: text,
    },
    (call, input) => {
      refuseIdsWithPage(input.ImageId, input.MaxResults, 'imagesSet');
      const { cloud } = call;
      const now = cloud.clock.now();
      const byId = input.ImageId.length > 0;
      const candidates = seenImages(call, input.ImageId);
      const wanted = candidates.filter(
        (image) =>
          maySee(call, image) &&
          isOwnedByOne(call, image, input.Owner) &&
          isExecutableByOne(call, image, input.ExecutableBy) &&
          (input.IncludeDisabled === true || byId || image.disabled !== true) &&
          (input.IncludeDeprecated === true || byId || !isDeprecatedForeign(call, image, now)),
      );
      const matching = applyFilters(wanted, input.Filter, imageFilters(call));
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [1, 1000],
      });
      return {
        imagesSet: page.items.map((image) => imageXml(call, image)),
        nextToken: page.nextToken,
      };
    },
  ),
};

function isOwnedByOne(call: Call, image: ImageRecord, owners: readonly string[]): boolean {
  return (
    owners.length === 0 ||
    owners.some((owner) =>
      owner === 'self'
        ? image.ownerId === call.cloud.accountId
        : owner === image.ownerId || owner === image.ownerAlias,
    )
  );
}

/** `self` and account ids mean explicit permissions, not ownership (DescribeImages: ExecutableUsers). */
function isExecutableByOne(call: Call, image: ImageRecord, users: readonly string[]): boolean {
  const { everyone, accounts } = image.permissions;
  return (
    users.length === 0 ||
    users.some((user) =>
      user === 'all' ? everyone : accounts.includes(user === 'self' ? call.cloud.accountId : user),
    )
  );
}

function isDeprecatedForeign(call: Call, image: ImageRecord, now: number): boolean {
  return (
    image.ownerId !== call.cloud.accountId &&
    image.deprecationTime !== undefined &&
    Date.parse(image.deprecationTime) <= now
  );
}

/** EC2 API reference, DescribeImages: Filters. */
function imageFilters(call: Call): FilterFields<ImageRecord> {
  const ebsOf = (image: ImageRecord) => image.blockDevices.flatMap(({ ebs }) => ebs ?? []);
  return {
    architecture: ({ architecture }) => architecture,
    'block-device-mapping.delete-on-termination': (image) =>
      ebsOf(image).map((ebs) => String(ebs.deleteOnTermination)),
    'block-device-mapping.device-name': (image) =>
      image.blockDevices.map(({ deviceName }) => deviceName),
    'block-device-mapping.snapshot-id': (image) => ebsOf(image).map((ebs) => ebs.snapshotId),
    'block-device-mapping.volume-size': (image) =>
      ebsOf(image).map((ebs) => String(ebs.volumeSizeGiB)),
    'block-device-mapping.volume-type': (image) => ebsOf(image).map((ebs) => ebs.volumeType),
    'block-device-mapping.encrypted': (image) => ebsOf(image).map((ebs) => String(ebs.encrypted)),
    'boot-mode': ({ bootMode }) => bootMode,
    'creation-date': ({ createdAt }) => filterTime(createdAt),
    description: ({ description }) => description,
    'ena-support': ({ enaSupport }) => enaSupport,
    'free-tier-eligible': () => false,
    hypervisor: () => 'xen',
    'image-allowed': () => true,
    'image-id': ({ id }) => id,
    'image-type': ({ imageType }) => imageType,
    'is-public': ({ permissions }) => permissions.everyone,
    'kernel-id': ({ kernelId }) => kernelId,
    'manifest-location': imageLocation,
    name: ({ name }) => name,
    'owner-alias': ({ ownerAlias }) => ownerAlias,
    'owner-id': ({ ownerId }) => ownerId,
    platform: () => undefined,
    'product-code': () => undefined,
    'product-code.type': () => undefined,
    'ramdisk-id': ({ ramdiskId }) => ramdiskId,
    'root-device-name': ({ rootDeviceName }) => rootDeviceName,
    'root-device-type': () => 'ebs',
    'source-image-id': ({ source }) => source?.imageId,
    'source-image-region': ({ source }) => source?.region,
    'source-instance-id': () => undefined,
    'sriov-net-support': ({ sriovNetSupport }) => sriovNetSupport,
    state: (image) => imageState(call, image),
    'state-reason-code': ({ failed }) =>
      failed === undefined ? undefined : 'Client.InternalError',
    'state-reason-message': ({ failed }) => failed,
    'tpm-support': ({ tpmSupport }) => tpmSupport,
    'virtualization-type': ({ virtualizationType }) => virtualizationType,
  };
}

function imageLocation(image: ImageRecord): string {
  return `${image.ownerAlias ?? image.ownerId}/${image.name}`;
}

/** An Image of the API. */
function imageXml(call: Call, image: ImageRecord): XmlFields {
  const state = imageState(call, image);
  const isMine = image.ownerId === call.cloud.accountId;
  return {
    imageId: image.id,
    imageLocation: imageLocation(image),
    imageState: state,
    imageOwnerId: image.ownerId,
    imageOwnerAlias: image.ownerAlias,
    creationDate: new Date(image.createdAt),
    isPublic: image.permissions.everyone,
    architecture: image.architecture,
    imageType: image.imageType,
    kernelId: image.kernelId,
    ramdiskId: image.ramdiskId,
    platformDetails: 'Linux/UNIX',
    usageOperation: 'RunInstances',
    stateReason:
      state === 'failed' ? { code: 'Client.InternalError', message: image.failed } : undefined,
    name: image.name,
    description: image.description,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: image.blockDevices.map(blockDeviceXml),
    virtualizationType: image.virtualizationType,
    hypervisor: 'xen',
    enaSupport: image.enaSupport ? true : undefined,
    sriovNetSupport: image.sriovNetSupport,
    bootMode: image.bootMode,
    tpmSupport: image.tpmSupport,
    imdsSupport: image.imdsSupport,
    tagSet: isMine ? tagSet(image.tags) : undefined,
    deprecationTime: image.deprecationTime,
    deregistrationProtection: isMine ? (image.deregistrationProtection ?? 'disabled') : undefined,
    lastLaunchedTime:
      isMine && image.lastLaunchedAt !== undefined ? new Date(image.lastLaunchedAt) : undefined,
    sourceImageId: image.source?.imageId,
    sourceImageRegion: image.source?.region,
  };
}
