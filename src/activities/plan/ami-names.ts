/** The names of an image's AMIs, and who has them in a region already. */

import type { Image } from '@aws-sdk/client-ec2';
import { findImagesByName } from '../../aws/images.js';
import type { RegionAccess } from '../../aws/region-access.js';
import { tagsOf } from '../../aws/tags.js';
import { parseComposeId } from '../../model/compose/compose.js';
import type { PlaceholderValues } from '../../model/ids/name-template.js';
import { renderTemplate, variantValues } from '../../model/ids/name-template.js';
import type { Origin } from '../../model/ids/tags.js';
import { imageKey, TAG } from '../../model/ids/tags.js';
import type { Variant } from '../../model/ids/variant.js';
import type { ImageRequest, WantedAmi } from '../../model/plan/plan.js';
import type { PlanContext } from './plan-context.js';

/** The placeholders that are the same for all AMIs of an image. */
export function imageValues({
  image,
  composeId,
  release,
}: Pick<ImageRequest, 'composeId' | 'release'> & {
  readonly image: Pick<ImageRequest['image'], 'name' | 'subvariant' | 'arch'>;
}): Partial<PlaceholderValues> {
  const id = parseComposeId(composeId);
  return {
    image: image.name,
    compose: composeId,
    short: id?.short ?? composeId,
    version: id?.version ?? release,
    release,
    date: id?.date ?? '',
    subvariant: image.subvariant,
    arch: image.arch,
  };
}

/** The template of the image's AMI names, in which only the parts that differ between its AMIs are left to fill in. */
export function namesOfImage(
  { config }: Pick<PlanContext, 'config'>,
  request: ImageRequest,
): string {
  return renderTemplate(config.publish.imageName, imageValues(request));
}

/** The name of one AMI. */
export function amiName(
  { config }: Pick<PlanContext, 'config'>,
  request: Parameters<typeof imageValues>[0],
  variant: Variant,
  regionName: string,
): string {
  const values = { ...imageValues(request), ...variantValues(variant, regionName) };
  return renderTemplate(config.publish.imageName, values);
}

export interface NamesThere {
  /** Why RegisterImage would refuse one of them; undefined when all are free or this image's own. */
  readonly refusal: string | undefined;
  /** EC2 lists no AMI of the account with any of them. */
  readonly areFree: boolean;
}

/** Who has the names of these AMIs in the region. */
export async function namesThere(
  ec2: RegionAccess,
  origin: Origin,
  wanted: readonly WantedAmi[],
  signal: AbortSignal,
): Promise<NamesThere> {
  if (wanted.length === 0) return { refusal: undefined, areFree: true };
  const names = wanted.map(({ name }) => name);
  const images = await findImagesByName(ec2, names, signal);
  const foreign = images.find((image) => !isOfImage(image, origin));
  const areFree = images.length === 0;
  if (foreign === undefined) return { refusal: undefined, areFree };
  const { ImageId, Name, Public } = foreign;
  const refusal = `${ImageId} in ${ec2.name} already has the name ${Name} (${Public ? 'public' : 'private'}); if it is not needed, run: aws ec2 deregister-image --image-id ${ImageId} --region ${ec2.name}`;
  return { refusal, areFree };
}

/** Whether the AMI is this image's own. A compose may have been replaced under its name, so another file is another image. */
function isOfImage(image: Image, origin: Origin): boolean {
  const tags = tagsOf(image);
  const isSameImage = Object.entries(imageKey(origin)).every(([key, value]) => tags[key] === value);
  const sha256 = tags[TAG.sha256];
  const isOtherFile =
    sha256 !== undefined && origin.sha256 !== undefined && sha256 !== origin.sha256;
  return isSameImage && !isOtherFile;
}
