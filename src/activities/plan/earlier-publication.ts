/** Looks whether this image is published already: retention forgets runs, the AMIs' tags do not. */

import type { Image } from '@aws-sdk/client-ec2';
import { findImages, findImagesByName } from '../../aws/images.js';
import { tagOf, tagsOf } from '../../aws/tags.js';
import type { RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type { Origin } from '../../model/ids/tags.js';
import { isTested } from '../../model/plan/plan-tags.js';
import { runOf } from '../../model/sweep/stray.js';
import { imageKey, RESULT_STATE, TAG } from '../../model/ids/tags.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { ActivityContext } from '../attempt/context.js';

/**
 * All complete AMIs of the image when the home region is complete, else undefined. Home is published last of
 * the required regions, so these are complete then, too. Refuses names that somebody else's AMIs have.
 */
export async function findPublished(
  context: ActivityContext,
  origin: Origin,
  plans: readonly RegionPlan[],
  signal: AbortSignal,
): Promise<RegisteredAmi[] | undefined> {
  const [home, ...others] = plans;
  if (home === undefined) return undefined;
  const atHome = await completeAmis(context, origin, home, signal);
  if (atHome.length === 0 || atHome.length < home.wanted.length) {
    const needed = [home, ...others.filter(({ required }) => required)];
    await Promise.all(needed.map((plan) => refuseTakenNames(context, origin, plan, signal)));
    return undefined;
  }
  const usable = others.filter(({ unusable }) => unusable === undefined);
  const elsewhere = await Promise.all(
    usable.map((plan) => completeAmis(context, origin, plan, signal)),
  );
  return [...atHome, ...elsewhere.flat()];
}

/** Better now than after an hour's work: RegisterImage would refuse these names, and the image fails by it. */
async function refuseTakenNames(
  { aws }: ActivityContext,
  { runId }: Origin,
  { regionName, wanted }: RegionPlan,
  signal: AbortSignal,
): Promise<void> {
  if (wanted.length === 0) return;
  const names = wanted.map(({ name }) => name);
  const images = await findImagesByName(aws.region(regionName), names, signal);
  const foreign = images.find((image) => tagOf(image, TAG.run) !== runId);
  if (foreign === undefined) return;
  const { ImageId = '', Name = '', Public } = foreign;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${ImageId} in ${regionName} has the name ${Name} already (${Public ? 'public' : 'private'})`,
    {
      code: 'name-taken',
      class: 'refused',
      next: `${Public || isComplete(foreign) ? '' : 'If a run that was ended from outside left it, wait for the sweep (fedimg sweep --dry-run --verbose says what it waits for) and publish again. '}If nobody needs it, deregister ${ImageId} and the others of its image with their snapshots; else change publish.image_name.`,
      region: regionName,
      resource: ImageId,
    },
  );
}

function isComplete({ Tags }: Pick<Image, 'Tags'>): boolean {
  return tagOf({ Tags }, TAG.state) === RESULT_STATE.complete;
}

/** The name alone does not make it this image: somebody may have put another file in its place. */
function refuseOtherBytes({ sha256 }: Origin, regionName: string, image: Image | undefined): void {
  const published = image === undefined ? undefined : tagOf(image, TAG.sha256);
  if (published === undefined || sha256 === undefined || published === sha256) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${image?.ImageId} in ${regionName} has this name (${image?.Public ? 'public' : 'private'}) with other bytes: sha256 ${published}, wanted ${sha256}`,
    {
      code: 'other-bytes-published',
      class: 'refused',
      next: 'Give the new image a name of its own: what is complete is never replaced.',
      region: regionName,
    },
  );
}

/** The record of a run that finds its image published says the same as that of the run which published it. */
function madeBy(image: Image, deployment: string): Pick<RegisteredAmi, 'owner' | 'made'> {
  const tags = tagsOf(image);
  const by = runOf({ tags }, deployment);
  return {
    ...(image.OwnerId === undefined ? {} : { owner: image.OwnerId }),
    ...(by === undefined ? {} : { made: { by, tested: isTested(tags) } }),
  };
}

/**
 * What is there for good: public, or complete and kept private by a configuration that still says so. Nothing
 * proves a private one to be this image but its hash: a new build may stand under the same name.
 */
async function completeAmis(
  { aws, config }: ActivityContext,
  origin: Origin,
  plan: RegionPlan,
  signal: AbortSignal,
): Promise<RegisteredAmi[]> {
  const images = await findImages(aws.region(plan.regionName), imageKey(origin), signal);
  return plan.wanted.flatMap(({ name, variant }) => {
    const named = images.filter((one) => one.Name === name);
    const isPrivate = ({ Public, Tags }: Image) =>
      Public !== true &&
      !config.publish.public &&
      isComplete({ Tags }) &&
      origin.sha256 !== undefined &&
      tagOf({ Tags }, TAG.sha256) === origin.sha256;
    const image = named.find((one) => one.Public === true || isPrivate(one));
    refuseOtherBytes(origin, plan.regionName, image);
    const snapshot = image?.BlockDeviceMappings?.find(({ Ebs }) => Ebs?.SnapshotId)?.Ebs
      ?.SnapshotId;
    if (
      image?.ImageId === undefined ||
      snapshot === undefined ||
      tagOf(image, 'Name') === undefined
    ) {
      return [];
    }
    const ami = { regionName: plan.regionName, variant, name, ami: image.ImageId, snapshot };
    const privacy = isPrivate(image) ? ({ isPrivate: true } as const) : {};
    return [{ ...ami, ...madeBy(image, origin.deployment), ...privacy }];
  });
}
