/** AMIs: looked up, waited for, made public, deregistered. */

import type { Image } from '@aws-sdk/client-ec2';
import {
  DeregisterImageCommand,
  DescribeImagesCommand,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters } from './tags.js';

/** DescribeImages shows an AMI for a while after its end, in a state of its own. */
export function isThere({ State }: Pick<Image, 'State'>): boolean {
  return State !== 'deregistered';
}

/** By name among our own: a name alone proves nothing. */
export async function findImagesByName(
  ec2: RegionAccess,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Image[]> {
  const { Images } = await ec2.ec2.send(
    new DescribeImagesCommand({
      Owners: ['self'],
      Filters: [{ Name: 'name', Values: [...names] }],
    }),
    { abortSignal: signal },
  );
  return (Images ?? []).filter(isThere);
}

export async function findImages(
  ec2: RegionAccess,
  tags: Tags,
  signal: AbortSignal,
): Promise<Image[]> {
  const { Images } = await ec2.ec2.send(
    new DescribeImagesCommand({ Owners: ['self'], Filters: tagFilters(tags) }),
    { abortSignal: signal },
  );
  return (Images ?? []).filter(isThere);
}

/** The ids of our own AMIs that have this snapshot, public or not. */
export async function findImagesOfSnapshot(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { Images } = await ec2.ec2.send(
    new DescribeImagesCommand({
      Owners: ['self'],
      // A disabled AMI holds its snapshot as any other.
      IncludeDisabled: true,
      Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: [snapshotId] }],
    }),
    { abortSignal: signal },
  );
  return (Images ?? []).filter(isThere).flatMap(({ ImageId }) => ImageId ?? []);
}

/** Resolves when the AMI is available; all states that the SDK's waiter spins on are final here. */
export function waitUntilImageAvailable(
  ec2: RegionAccess,
  imageId: string,
  signal: AbortSignal,
): Promise<Image> {
  return ec2.images.wait(
    imageId,
    (image, missingMs) => {
      if (image === undefined) {
        if (missingMs > ec2.settings.visibilityMs) throw failed(ec2, imageId, 'vanished');
        return undefined;
      }
      if (image.State === 'available') return image;
      if (image.State === 'pending' || image.State === 'transient') return undefined;
      throw failed(
        ec2,
        imageId,
        `is ${image.State}: ${image.StateReason?.Message ?? 'no reason given'}`,
      );
    },
    signal,
  );
}

export async function makeImagePublic(
  ec2: RegionAccess,
  imageId: string,
  signal: AbortSignal,
): Promise<void> {
  await ec2.ec2.send(
    new ModifyImageAttributeCommand({
      ImageId: imageId,
      LaunchPermission: { Add: [{ Group: 'all' }] },
    }),
    { abortSignal: signal },
  );
}

/** Deregisters; an AMI that EC2 does not know is gone. */
export async function deregisterImage(
  ec2: RegionAccess,
  imageId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ec2.ec2.send(new DeregisterImageCommand({ ImageId: imageId }), {
      abortSignal: signal,
    });
  } catch (error) {
    // Unavailable is said of a deregistered AMI as of a pending one: the next round looks again.
    if (!isCode(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable')) throw error;
  }
}

function failed(ec2: RegionAccess, imageId: string, what: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `AMI ${imageId} in ${ec2.name} ${what}`, {
    code: 'image-failed',
    class: 'refused',
    next: 'Publish again; if that repeats, ask AWS support with the id of the AMI.',
    region: ec2.name,
    resource: imageId,
  });
}
