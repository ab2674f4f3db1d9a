/** AMIs: registered once under their name, waited for, made public, deregistered. */

import type { Image, RegisterImageCommandInput } from '@aws-sdk/client-ec2';
import {
  DeregisterImageCommand,
  DescribeImagesCommand,
  ModifyImageAttributeCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/tags.js';
import { TAG } from '../model/tags.js';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters, tagSpecification } from './tags.js';

export interface ImageRegistration {
  readonly tags: Tags;
  readonly input: RegisterImageCommandInput & { readonly Name: string };
}

/** Adopts the AMI of this name when it is the very same registration; else registers it. */
export async function ensureImage(
  region: RegionAccess,
  registration: ImageRegistration,
  signal: AbortSignal,
): Promise<string> {
  const [found] = await findImagesByName(region, [registration.input.Name], signal);
  if (found !== undefined) return adopted(region, found, registration);
  try {
    const { ImageId } = await region.ec2Once.send(
      new RegisterImageCommand({
        ...registration.input,
        TagSpecifications: [tagSpecification('image', registration.tags)],
      }),
      { abortSignal: signal },
    );
    if (ImageId === undefined) throw new TypeError('RegisterImage answered without an AMI');
    return ImageId;
  } catch (error) {
    if (!isCode(error, 'InvalidAMIName.Duplicate')) throw error;
    const [made] = await findImagesByName(region, [registration.input.Name], signal);
    if (made !== undefined) return adopted(region, made, registration);
    // Ours but not listed yet, or a name that is not free yet after a deregistration.
    throw new ServiceError(
      EC2_SERVICE_EXCEPTION,
      `the name ${registration.input.Name} is taken in ${region.name}, but no such AMI is listed yet`,
      {
        code: 'name-not-visible',
        class: 'not-yet',
        next: 'It is looked up again; nothing needs to be done.',
        region: region.name,
      },
      { cause: error },
    );
  }
}

/** Our name on anything else is a mistake that a bumped number would only hide. */
function adopted(region: RegionAccess, image: Image, wanted: ImageRegistration): string {
  const { input } = wanted;
  const root = (mappings: Image['BlockDeviceMappings']) =>
    mappings?.find(({ DeviceName }) => DeviceName === input.RootDeviceName)?.Ebs;
  const differences = [
    [
      'snapshot',
      root(input.BlockDeviceMappings)?.SnapshotId,
      root(image.BlockDeviceMappings)?.SnapshotId,
    ],
    [
      'volume type',
      root(input.BlockDeviceMappings)?.VolumeType,
      root(image.BlockDeviceMappings)?.VolumeType,
    ],
    ['architecture', input.Architecture, image.Architecture],
    ['virtualization', input.VirtualizationType, image.VirtualizationType],
    // Its state changes after its creation.
    ...Object.entries(wanted.tags)
      .filter(([key]) => key !== TAG.state)
      .map(([key, value]) => [
        `tag ${key}`,
        value,
        image.Tags?.find(({ Key }) => Key === key)?.Value,
      ]),
  ].filter(([, want, got]) => want !== got);
  if (image.ImageId !== undefined && differences.length === 0) return image.ImageId;
  const [what, want, got] = differences[0] ?? [];
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${image.ImageId} in ${region.name} has the name ${input.Name} already, with ${what} ${got} instead of ${want}`,
    {
      code: 'name-taken',
      class: 'refused',
      next: `If nobody needs it, deregister ${image.ImageId} in ${region.name} and publish again; else change publish.image_name.`,
      region: region.name,
      resource: image.ImageId ?? '',
    },
  );
}

/** By name among our own: a name alone proves nothing. */
export async function findImagesByName(
  region: RegionAccess,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Image[]> {
  const { Images } = await region.ec2.send(
    new DescribeImagesCommand({
      Owners: ['self'],
      Filters: [{ Name: 'name', Values: [...names] }],
    }),
    { abortSignal: signal },
  );
  return Images ?? [];
}

export async function findImages(
  region: RegionAccess,
  tags: Tags,
  signal: AbortSignal,
): Promise<Image[]> {
  const { Images } = await region.ec2.send(
    new DescribeImagesCommand({ Owners: ['self'], Filters: tagFilters(tags) }),
    { abortSignal: signal },
  );
  return Images ?? [];
}

/** The ids of our own AMIs that have this snapshot, public or not. */
export async function findImagesOfSnapshot(
  region: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { Images } = await region.ec2.send(
    new DescribeImagesCommand({
      Owners: ['self'],
      Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: [snapshotId] }],
    }),
    { abortSignal: signal },
  );
  return (Images ?? []).flatMap(({ ImageId }) => ImageId ?? []);
}

/** Resolves when the AMI is available; all states that the SDK's waiter spins on are final here. */
export function waitUntilImageAvailable(
  region: RegionAccess,
  imageId: string,
  signal: AbortSignal,
): Promise<Image> {
  return region.images.wait(
    imageId,
    (image, missingMs) => {
      if (image === undefined) {
        if (missingMs > region.settings.visibilityMs) throw failed(region, imageId, 'vanished');
        return undefined;
      }
      if (image.State === 'available') return image;
      if (image.State === 'pending' || image.State === 'transient') return undefined;
      throw failed(
        region,
        imageId,
        `is ${image.State}: ${image.StateReason?.Message ?? 'no reason given'}`,
      );
    },
    signal,
  );
}

export async function makeImagePublic(
  region: RegionAccess,
  imageId: string,
  signal: AbortSignal,
): Promise<void> {
  await region.ec2.send(
    new ModifyImageAttributeCommand({
      ImageId: imageId,
      LaunchPermission: { Add: [{ Group: 'all' }] },
    }),
    { abortSignal: signal },
  );
}

/** Deregisters; an AMI that EC2 does not know is gone. */
export async function deregisterImage(
  region: RegionAccess,
  imageId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await region.ec2.send(new DeregisterImageCommand({ ImageId: imageId }), {
      abortSignal: signal,
    });
  } catch (error) {
    // Unavailable is said of a deregistered AMI as of a pending one: the next round looks again.
    if (!isCode(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable')) throw error;
  }
}

function failed(region: RegionAccess, imageId: string, what: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `AMI ${imageId} in ${region.name} ${what}`, {
    code: 'image-failed',
    class: 'refused',
    next: 'Publish again; if that repeats, ask AWS support with the id of the AMI.',
    region: region.name,
    resource: imageId,
  });
}
