/** Looks whether this image is published already: retention forgets runs, the AMIs' tags do not. */

import { findImages } from '../aws/images.js';
import { tagOf } from '../aws/tags.js';
import type { RegionPlan, RegisteredAmi } from '../model/plan.js';
import type { Origin } from '../model/tags.js';
import { imageKey } from '../model/tags.js';
import type { ActivityContext } from './context.js';

/** All public AMIs of the image when the home region is complete, else undefined. */
export async function findPublished(
  context: ActivityContext,
  origin: Origin,
  plans: readonly RegionPlan[],
  signal: AbortSignal,
): Promise<RegisteredAmi[] | undefined> {
  const [home, ...others] = plans;
  if (home === undefined) return undefined;
  const atHome = await publicAmis(context, origin, home, signal);
  if (atHome.length === 0 || atHome.length < home.wanted.length) return undefined;
  const usable = others.filter(({ unusable }) => unusable === undefined);
  const elsewhere = await Promise.all(
    usable.map((plan) => publicAmis(context, origin, plan, signal)),
  );
  return [...atHome, ...elsewhere.flat()];
}

async function publicAmis(
  { aws }: ActivityContext,
  origin: Origin,
  plan: RegionPlan,
  signal: AbortSignal,
): Promise<RegisteredAmi[]> {
  const images = await findImages(aws.region(plan.region), imageKey(origin), signal);
  return plan.wanted.flatMap(({ name, variant }) => {
    const image = images.find((one) => one.Name === name && one.Public === true);
    const snapshot = image?.BlockDeviceMappings?.find(({ Ebs }) => Ebs?.SnapshotId)?.Ebs
      ?.SnapshotId;
    if (
      image?.ImageId === undefined ||
      snapshot === undefined ||
      tagOf(image, 'Name') === undefined
    ) {
      return [];
    }
    return [{ region: plan.region, variant, name, ami: image.ImageId, snapshot }];
  });
}
