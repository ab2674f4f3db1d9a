/** AMIs: looked up, waited for, made public, deregistered. */

import type { Image } from '@aws-sdk/client-ec2';
import { DeregisterImageCommand, ModifyImageAttributeCommand } from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { awaitState } from './await-state.js';
import { isCode } from './errors.js';
import { listImages } from './listing.js';
import { isRefusedBecauseGone } from './refused-because-gone.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters } from './tags.js';

/** By name, among the account's own AMIs: any account may give an AMI this name. */
export async function findImagesByName(
  ec2: RegionAccess,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Image[]> {
  const Filters = [{ Name: 'name', Values: [...names] }];
  return listImages(ec2.ec2, { Owners: ['self'], Filters }, signal);
}

export async function findImages(
  ec2: RegionAccess,
  tags: Tags,
  signal: AbortSignal,
): Promise<Image[]> {
  return listImages(ec2.ec2, { Owners: ['self'], Filters: tagFilters(tags) }, signal);
}

/** The ids of our own AMIs that have this snapshot, public or not. */
export async function findImagesOfSnapshot(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const query = {
    Owners: ['self'],
    // A disabled AMI holds its snapshot as any other.
    IncludeDisabled: true,
    Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: [snapshotId] }],
  };
  const images = await listImages(ec2.ec2, query, signal);
  return images.flatMap(({ ImageId }) => ImageId ?? []);
}

/** Resolves when the AMI is available. Rejects at once in states that the SDK's own waiter would poll on. */
export function waitUntilImageAvailable(
  ec2: RegionAccess,
  imageId: string,
  signal: AbortSignal,
): Promise<Image> {
  return awaitState(
    ec2,
    { poll: ec2.images, id: imageId, expected: { kind: 'image' } },
    {
      done: (image) => (image.State === 'available' ? image : undefined),
      failed: ({ State, StateReason }) => {
        if (State === 'pending' || State === 'transient') return undefined;
        return failed(ec2, imageId, `is ${State}: ${StateReason?.Message ?? 'no reason given'}`);
      },
      missing: () => failed(ec2, imageId, 'vanished'),
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
    // EC2 answers Unavailable for a deregistered AMI and for a pending one: the next round looks again.
    if (isCode(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable')) return;
    const image = { poll: ec2.images, id: imageId };
    if (!(await isRefusedBecauseGone(ec2, error, image, signal))) throw error;
  }
}

function failed(ec2: RegionAccess, imageId: string, what: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `AMI ${imageId} in ${ec2.name} ${what}`, {
    code: 'image-failed',
    class: 'refused',
    next: 'Publish again; if this repeats, ask AWS support with the id of the AMI.',
    region: ec2.name,
    resource: imageId,
  });
}
