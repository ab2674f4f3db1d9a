/** An unfinished AMI that a closed run of this image left: the next run adopts it, or frees its name. */

import type { Image } from '@aws-sdk/client-ec2';
import { deregisterImage, findImagesByName } from '../aws/images.js';
import type { RegionAccess } from '../aws/region-access.js';
import { tagOf, tagsOf } from '../aws/tags.js';
import { untilVisible } from '../aws/until-visible.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Installation } from '../model/ids/installation.js';
import type { Origin, Tags } from '../model/ids/tags.js';
import { imageKey, RESULT_STATE, TAG } from '../model/ids/tags.js';
import { ownRunOf } from '../model/sweep/stray.js';
import type { WorkflowRuns } from './attempt/context.js';

/** Whether the run that a resource names is closed. */
export type IsClosedRun = (tags: Tags) => Promise<boolean>;

/** Asks Temporal, which knows the runs of this installation only. */
export function closedRuns(runs: WorkflowRuns, installation: Installation): IsClosedRun {
  return async (tags) => {
    const run = ownRunOf({ tags }, installation);
    return run !== undefined && (await runs.stateOf(run)).state === 'closed';
  };
}

/**
 * Private, not marked as complete, not kept for inspection, and made by another run of the same image that is closed:
 * the sweep would remove it, too.
 */
export async function isLeftOver(
  image: Image,
  origin: Origin,
  isClosed: IsClosedRun,
): Promise<boolean> {
  const tags = tagsOf(image);
  const isOfImage = Object.entries(imageKey(origin)).every(([key, value]) => tags[key] === value);
  return (
    image.Public !== true &&
    tags[TAG.state] !== RESULT_STATE.complete &&
    tags[TAG.keepUntil] === undefined &&
    isOfImage &&
    tags[TAG.run] !== origin.runId &&
    (await isClosed(tags))
  );
}

/** Deregisters it and waits until its name is free. Its snapshot is left to the sweep, which knows who uses it. */
export async function freeName(
  ec2: RegionAccess,
  { ImageId = '', Name = '' }: Image,
  signal: AbortSignal,
): Promise<void> {
  await deregisterImage(ec2, ImageId, signal);
  const look = async (): Promise<true | undefined> => {
    const images = await findImagesByName(ec2, [Name], signal);
    return images.some((image) => image.ImageId === ImageId) ? undefined : true;
  };
  if ((await untilVisible(ec2, look, { signal })) === true) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `EC2 still lists ${ImageId} in ${ec2.name}, which a closed run had left under the name ${Name} and which is deregistered`,
    {
      code: 'name-not-free',
      class: 'not-yet',
      next: 'The name is looked up again; you need not do anything.',
      region: ec2.name,
      resource: ImageId,
    },
  );
}

/** Of this image and this file, and not kept for inspection: its bytes are those that this run would write. */
export function isSameFile(image: Image, origin: Origin): boolean {
  const key = { ...imageKey(origin), [TAG.sha256]: origin.sha256 };
  return (
    origin.sha256 !== undefined &&
    tagOf(image, TAG.keepUntil) === undefined &&
    Object.entries(key).every(([name, value]) => tagOf(image, name) === value)
  );
}
