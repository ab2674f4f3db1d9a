/** The registration of an AMI: once under its name, however often it is asked for. */

import type { Image, RegisterImageCommandInput } from '@aws-sdk/client-ec2';
import { RegisterImageCommand } from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { isFedimgKey, TAG } from '../model/ids/tags.js';
import { isCode } from './errors.js';
import { findImagesByName } from './images.js';
import type { RegionAccess } from './region-access.js';
import { tagOf, tagSpecification } from './tags.js';
import { untilVisible } from './until-visible.js';

export interface ImageRegistration {
  readonly tags: Tags;
  readonly input: RegisterImageCommandInput & { readonly Name: string };
  /** An earlier attempt may have made it. Otherwise EC2 is not asked first: it refuses a name that is taken. */
  readonly mayExist?: boolean;
}

/** Adopts the AMI of this name when it is the very same registration; else registers it. */
export async function ensureImage(
  ec2: RegionAccess,
  registration: ImageRegistration,
  signal: AbortSignal,
): Promise<string> {
  if (registration.mayExist !== false) {
    const [found] = await findImagesByName(ec2, [registration.input.Name], signal);
    if (found !== undefined) return adopt(ec2, found, registration, signal);
  }
  try {
    const { ImageId } = await ec2.ec2Once.send(
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
    const [made] = await findImagesByName(ec2, [registration.input.Name], signal);
    if (made !== undefined) return adopt(ec2, made, registration, signal);
    throw nameNotVisible(ec2, registration, error);
  }
}

/**
 * EC2 may list an AMI before its tags, and only the tags show that it is ours. The window is counted by this
 * machine's clock from the first look: EC2's clock, which CreationDate goes by, may be minutes away.
 */
async function adopt(
  ec2: RegionAccess,
  found: Image,
  wanted: ImageRegistration,
  signal: AbortSignal,
): Promise<string> {
  if (hasRun(found)) return adopted(ec2, found, wanted);
  let image = found;
  const look = async (): Promise<true | undefined> => {
    const [again] = await findImagesByName(ec2, [wanted.input.Name], signal);
    if (again === undefined) throw nameNotVisible(ec2, wanted);
    image = again;
    return hasRun(image) ? true : undefined;
  };
  await untilVisible(ec2, look, { signal });
  return adopted(ec2, image, wanted);
}

function hasRun(image: Image): boolean {
  return tagOf(image, TAG.run) !== undefined;
}

/** The AMI is ours and not listed yet, or EC2 has not freed the name of a deregistered one. */
function nameNotVisible(
  ec2: RegionAccess,
  { input }: ImageRegistration,
  cause?: unknown,
): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the name ${input.Name} is taken in ${ec2.name}, but EC2 does not list its AMI yet`,
    {
      code: 'name-not-visible',
      class: 'not-yet',
      next: 'The name is looked up again; you need not do anything.',
      region: ec2.name,
    },
    { cause },
  );
}

/** Refuses a different AMI under our name: to register under another number would only hide the mistake. */
function adopted(ec2: RegionAccess, image: Image, wanted: ImageRegistration): string {
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
    // The state tag changes later, and an organisation may change the tags that it demands.
    ...Object.entries(wanted.tags)
      .filter(([key]) => key !== TAG.state && isFedimgKey(key))
      .map(([key, value]) => [`tag ${key}`, value, tagOf(image, key)]),
  ].filter(([, want, got]) => want !== got);
  if (image.ImageId !== undefined && differences.length === 0) return image.ImageId;
  const [what, want, got] = differences[0] ?? [];
  const other =
    got === undefined ? `without ${what} ${want}` : `with ${what} ${got} instead of ${want}`;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${image.ImageId} in ${ec2.name} already has the name ${input.Name}, ${hasRun(image) ? other : `and no tag ${TAG.run}`}`,
    {
      code: 'name-taken',
      class: 'refused',
      next: `If it is not needed, deregister ${image.ImageId} in ${ec2.name} and publish again; else change publish.image_name.`,
      region: ec2.name,
      resource: image.ImageId ?? '',
    },
  );
}
