/** Finds out whether this image is already published, by the tags of its AMIs: histories expire, tags stay. */

import type { Image } from '@aws-sdk/client-ec2';
import { findImages, findImagesByName } from '../../aws/images.js';
import { tagOf, tagsOf } from '../../aws/tags.js';
import type { RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type { Origin } from '../../model/ids/tags.js';
import { isTested } from '../../model/plan/plan-tags.js';
import { runOf } from '../../model/sweep/stray.js';
import { imageKey, RESULT_STATE, TAG } from '../../model/ids/tags.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { PlanContext } from './plan-context.js';

/**
 * All complete AMIs of the image when the home region is complete, else undefined. The home region is published
 * after the other required regions, so these are complete then, too. Rejects when another run's AMI has a wanted name.
 */
export async function findPublished(
  context: PlanContext,
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

/** RegisterImage would refuse these names, and the image would fail after an hour's work. */
async function refuseTakenNames(
  { aws }: PlanContext,
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
    `${ImageId} in ${regionName} already has the name ${Name} (${Public ? 'public' : 'private'})`,
    {
      code: 'name-taken',
      class: 'refused',
      next: `${Public || isComplete(foreign) ? '' : 'If a terminated run left it, wait for the sweep (fedimg sweep --dry-run --verbose shows what the sweep waits for) and publish again. '}If it is not needed, deregister ${ImageId} and the other AMIs of its image, and delete their snapshots; else change publish.image_name.`,
      region: regionName,
      resource: ImageId,
    },
  );
}

function isComplete({ Tags }: Pick<Image, 'Tags'>): boolean {
  return tagOf({ Tags }, TAG.state) === RESULT_STATE.complete;
}

/** Refuses an AMI of this image that was made from another file: a compose may have been replaced under its name. */
function refuseOtherBytes({ sha256 }: Origin, regionName: string, image: Image | undefined): void {
  const published = image === undefined ? undefined : tagOf(image, TAG.sha256);
  if (published === undefined || sha256 === undefined || published === sha256) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${image?.ImageId} in ${regionName} has this name (${image?.Public ? 'public' : 'private'}) and other bytes: sha256 ${published}, wanted ${sha256}`,
    {
      code: 'other-bytes-published',
      class: 'refused',
      next: 'Give the new image a name of its own: fedimg never replaces a published AMI.',
      region: regionName,
    },
  );
}

/** Owner, run and test as the run that published the AMI recorded them. */
function madeBy(image: Image, deployment: string): Pick<RegisteredAmi, 'owner' | 'made'> {
  const tags = tagsOf(image);
  const by = runOf({ tags }, deployment);
  return {
    ...(image.OwnerId === undefined ? {} : { owner: image.OwnerId }),
    ...(by === undefined ? {} : { made: { by, tested: isTested(tags) } }),
  };
}

/**
 * AMIs that stay: public ones, and complete ones that the configuration keeps private. A private AMI must also have
 * the hash of this image: a new build may have the same name.
 */
async function completeAmis(
  { aws, config }: PlanContext,
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
