/** CopyImage: a new image with snapshots of its own. */

import { checkImageName } from '../lib/image-name.js';
import { checkCompletionDuration, copySource, copySnapshot } from '../lib/snapshot-copy.js';
import { CloudError, invalidCombination } from '../../errors.js';
import { flag, ignored, integer, required, text } from '../../input.js';
import { isEnabled, regionsOf } from '../../regions.js';
import type { ImageBlockDevice, ImageRecord, Tags } from '../../store/state.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { useToken } from '../lib/client-token.js';
import { findUsableImage, imageState } from '../lib/image-state.js';
import { newResource } from '../lib/new-resource.js';
import { mergeTags, readTagSpecifications, tagSpecificationInput } from '../lib/tag-input.js';

export const copyImageActions: ActionTable = {
  CopyImage: action(
    {
      ClientToken: text,
      Name: required(text),
      Description: text,
      Encrypted: flag,
      KmsKeyId: text,
      SourceImageId: required(text),
      SourceRegion: required(text),
      DestinationOutpostArn: ignored,
      DestinationAvailabilityZone: ignored,
      DestinationAvailabilityZoneId: ignored,
      CopyImageTags: flag,
      TagSpecification: tagSpecificationInput,
      SnapshotCopyCompletionDurationMinutes: integer,
    },
    (call, input) => {
      const { ClientToken, ...parameters } = input;
      const token = useToken(call, ClientToken, '', parameters);
      const [earlier] = token.earlier ?? [];
      if (earlier !== undefined) return { imageId: earlier };
      checkCompletionDuration(input.SnapshotCopyCompletionDurationMinutes);
      checkImageName(input.Name);
      const tags = readTagSpecifications(input.TagSpecification, ['image', 'snapshot']);
      const source = sourceImage(call, input.SourceRegion, input.SourceImageId);
      if (input.Encrypted === false && source.blockDevices.some(({ ebs }) => ebs?.encrypted)) {
        throw invalidCombination('An encrypted snapshot cannot be copied to an unencrypted one.');
      }
      const copied = copyTags(call, source, input.CopyImageTags === true);
      const kernel = kernelFor(call, source);
      const blockDevices = source.blockDevices.map((device) =>
        copyDevice(call, source, device, {
          encrypted: input.Encrypted,
          tags: tags.get('snapshot') ?? {},
        }),
      );
      const image: ImageRecord = {
        ...copiedFields(source),
        ...newResource(call, 'ami', mergeTags(copied, tags.get('image') ?? {})),
        ...(kernel === undefined ? {} : { kernelId: kernel }),
        ownerId: call.cloud.accountId,
        // CopyImage does not enforce unique names.
        name: input.Name,
        description: input.Description ?? source.description,
        blockDevices,
        availableAt: call.cloud.clock.now() + call.cloud.latency.draw('imagePending'),
        source: { region: source.region, imageId: source.id },
        ...(ClientToken === undefined ? {} : { clientToken: ClientToken }),
        // EC2 user guide, "How Amazon EC2 AMI copy works": launch permissions are not copied.
        permissions: { everyone: false, accounts: [] },
      };
      call.cloud.images.put(image);
      token.remember([image.id]);
      return { imageId: image.id };
    },
  ),
};

function sourceImage(call: Call, regionName: string, imageId: string): ImageRecord {
  const region = regionsOf(call.cloud).get(regionName);
  if (region === undefined || !isEnabled(region, call.cloud.settings.optedInRegions)) {
    throw new CloudError('InvalidRegion', `The source region '${regionName}' is not valid.`);
  }
  const source = findUsableImage({ ...call, region: regionName }, imageId);
  if (source.imageType !== 'machine' || imageState(call, source) !== 'available') {
    throw new CloudError(
      'InvalidAMIID.Unavailable',
      `The image ID '${imageId}' is not available to be copied`,
    );
  }
  return source;
}

type Own =
  | 'ownerAlias'
  | 'clientToken'
  | 'deprecationTime'
  | 'deregistrationProtection'
  | 'protectedUntil'
  | 'lastLaunchedAt'
  | 'disabled'
  | 'failed'
  | 'listedAt'
  | 'stale';

/** Fields of the source that are not copied. */
const ownFields: ReadonlySet<string> = new Set<Own>([
  'ownerAlias',
  'clientToken',
  'deprecationTime',
  'deregistrationProtection',
  'protectedUntil',
  'lastLaunchedAt',
  'disabled',
  'failed',
  'listedAt',
  'stale',
]);

function copiedFields(source: ImageRecord): Omit<ImageRecord, Own> {
  const kept = Object.entries(source).filter(([name]) => !ownFields.has(name));
  return Object.fromEntries(kept) as unknown as Omit<ImageRecord, Own>;
}

/** CopyImage: CopyImageTags; a foreign image's tags are not copied. */
function copyTags(call: Call, source: ImageRecord, wanted: boolean): Tags {
  return wanted && source.ownerId === call.cloud.accountId ? source.tags : {};
}

/**
 * EC2 user guide, "How Amazon EC2 AMI copy works": a PV image gets the matching kernel of the
 * destination; without one it cannot be copied there.
 */
function kernelFor(call: Call, source: ImageRecord): string | undefined {
  if (source.kernelId === undefined) return undefined;
  const here = call.cloud.images.get(source.region, source.kernelId);
  for (const image of call.cloud.images.inRegion(call.region)) {
    if (image.imageType === 'kernel' && image.name === here?.name) return image.id;
  }
  throw new CloudError(
    'InvalidRequest',
    `No matching kernel for ${source.kernelId} exists in ${call.region}.`,
  );
}

function copyDevice(
  call: Call,
  image: ImageRecord,
  device: ImageBlockDevice,
  copy: { readonly encrypted: boolean | undefined; readonly tags: Tags },
): ImageBlockDevice {
  if (device.ebs?.snapshotId === undefined) return device;
  const source = copySource(call, image.region, device.ebs.snapshotId);
  const snapshot = copySnapshot(call, source, {
    description: `Copied for DestinationAmi from SourceAmi ${image.id} for SourceSnapshot ${source.id}.`,
    encrypted: copy.encrypted,
    tags: copy.tags,
  });
  return {
    ...device,
    ebs: { ...device.ebs, snapshotId: snapshot.id, encrypted: snapshot.encrypted },
  };
}
