/** Finds out whether this image is already published, by the tags of its AMIs: histories expire, tags stay. */

import type { Image } from '@aws-sdk/client-ec2';
import { findImages, findImagesByName } from '../../aws/images.js';
import { tagOf, tagsOf } from '../../aws/tags.js';
import type { ImagePlan, RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type { Untested } from '../../model/plan/untested.js';
import type { Origin } from '../../model/ids/tags.js';
import type { Variant } from '../../model/ids/variant.js';
import { isTested } from '../../model/plan/plan-tags.js';
import { runOf } from '../../model/sweep/stray.js';
import { imageKey, RESULT_STATE, TAG } from '../../model/ids/tags.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import { isLeftOver, isSameFile } from '../left-over.js';
import type { Evidence, Source } from './earlier-evidence.js';
import {
  completionFrom,
  readEvidence,
  untestedByEarlier,
  withoutUntested,
} from './earlier-evidence.js';
import type { PlanContext } from './plan-context.js';

export interface EarlierImage {
  readonly origin: Origin;
  /** The home region first. */
  readonly plans: readonly RegionPlan[];
  /** Each must have passed on the snapshot from which regions are added. */
  readonly testVariants: readonly Variant[];
  /** The regions that an operator wants to add; all that are missing by default. */
  readonly only: readonly string[] | undefined;
}

type Earlier = Pick<ImagePlan, 'published' | 'completion' | 'incompletable'>;

/** With the plans as this run can follow them: a type that the earlier run did not test gets no further AMIs. */
export interface EarlierPublication extends Earlier {
  readonly plans: readonly RegionPlan[];
  readonly untested: readonly Untested[];
}

/**
 * What an earlier run published of this image, and what this run can add to it. {} when the home region has no AMI that
 * stays: then the image is made from the beginning. The home region is published after the other required regions,
 * so these are complete with it. Rejects when another image's AMI has a wanted name.
 */
export async function findEarlier(
  context: PlanContext,
  image: EarlierImage,
  signal: AbortSignal,
): Promise<EarlierPublication> {
  const { origin } = image;
  const [wantedHome] = image.plans;
  if (wantedHome === undefined) return { plans: [], untested: [] };
  const atHome = await completeAmis(context, origin, wantedHome, signal);
  const evidence = await readEvidence(context, origin, atHome, signal);
  const untested = untestedByEarlier(image.plans, evidence);
  const rest = { ...image, plans: withoutUntested(image.plans, untested, atHome) };
  const earlier = await findMissing(context, rest, { atHome, evidence, untested }, signal);
  return { ...earlier, plans: rest.plans, untested };
}

interface AtHome {
  readonly atHome: readonly RegisteredAmi[];
  readonly evidence: Evidence;
  readonly untested: readonly Untested[];
}

async function findMissing(
  context: PlanContext,
  image: EarlierImage,
  { atHome, evidence, untested }: AtHome,
  signal: AbortSignal,
): Promise<Earlier> {
  const { origin, plans } = image;
  const [home, ...others] = plans;
  if (home === undefined) return {};
  const isHomeComplete = atHome.length > 0 && atHome.length >= home.wanted.length;
  const found = completionFrom(image.testVariants, evidence, untested);
  const isMade = isHomeComplete || 'source' in found;
  const left = isMade ? undefined : await findLeftSource(context, image, signal);
  if (!isMade && left === undefined) {
    const needed = [home, ...others.filter(({ required }) => required)];
    await Promise.all(
      needed.map((plan) =>
        refuseTakenNames(context, origin, { plan, isHome: plan === home }, signal),
      ),
    );
    return {};
  }
  const usable = others.filter(({ unusable }) => unusable === undefined);
  const elsewhere = await Promise.all(
    usable.map((plan) => completeAmis(context, origin, plan, signal)),
  );
  const published = [...atHome, ...elsewhere.flat()];
  const isMissing = ({ regionName, wanted }: RegionPlan) =>
    published.filter((ami) => ami.regionName === regionName).length < wanted.length;
  const missing = [home, ...usable].filter(isMissing).map(({ regionName }) => regionName);
  if (left !== undefined) return { published, completion: { ...left, regions: missing } };
  const regions = missing.filter((name) => image.only?.includes(name) ?? true);
  if (regions.length === 0) return { published };
  if (!('source' in found)) return { published, incompletable: found.reason };
  return { published, completion: { ...found, regions } };
}

/**
 * The tested snapshot of a closed run that has published nothing at home: this run goes on behind the test. Undefined
 * when it left none, or none that was tested: then the image is made from the beginning.
 */
async function findLeftSource(
  context: PlanContext,
  image: EarlierImage,
  signal: AbortSignal,
): Promise<Source | undefined> {
  const { origin, plans } = image;
  const [home] = plans;
  if (home === undefined || home.wanted.length === 0) return undefined;
  const { regionName, wanted } = home;
  const names = wanted.map(({ name }) => name);
  const found = await findImagesByName(context.aws.region(regionName), names, signal);
  for (const made of found.filter((one) => isSameFile(one, origin))) {
    const snapshot = snapshotOf(made);
    const want = wanted.find(({ name }) => name === made.Name);
    if (made.ImageId === undefined || snapshot === undefined || want === undefined) continue;
    if (!(await isLeftOver(made, origin, context.isClosed))) continue;
    const { name, variant } = want;
    const ami = { regionName, name, variant, ami: made.ImageId, snapshot };
    const evidence = await readEvidence(context, origin, [ami], signal);
    const source = completionFrom(image.testVariants, evidence, []);
    if ('source' in source) return source;
  }
  return undefined;
}

function snapshotOf({ BlockDeviceMappings }: Image): string | undefined {
  return BlockDeviceMappings?.find(({ Ebs }) => Ebs?.SnapshotId)?.Ebs?.SnapshotId;
}

/**
 * RegisterImage would refuse these names, and the image would fail after an hour's work. Outside of the home region
 * the image's own AMIs are adopted after their bytes are compared; at home this run makes a snapshot of its own. What a
 * closed run left unfinished loses its name to this run.
 */
async function refuseTakenNames(
  { aws, isClosed }: PlanContext,
  origin: Origin,
  { plan, isHome }: { readonly plan: RegionPlan; readonly isHome: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { regionName, wanted } = plan;
  if (wanted.length === 0) return;
  const names = wanted.map(({ name }) => name);
  const images = await findImagesByName(aws.region(regionName), names, signal);
  const others = images.filter(
    (image) => tagOf(image, TAG.run) !== origin.runId && (isHome || !isSameFile(image, origin)),
  );
  const isLeft = await Promise.all(others.map((image) => isLeftOver(image, origin, isClosed)));
  const foreign = others.find((_image, index) => isLeft[index] !== true);
  if (foreign === undefined) return;
  const { ImageId = '', Name = '', Public } = foreign;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${ImageId} in ${regionName} already has the name ${Name} (${Public ? 'public' : 'private'})`,
    {
      code: 'name-taken',
      class: 'refused',
      next: `${Public || isComplete(foreign) ? '' : 'If a run of it is under way, wait until that has closed, and publish again. '}If it is not needed, deregister ${ImageId} and the other AMIs of its image, and delete their snapshots; else change publish.image_name.`,
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
    const snapshot = image === undefined ? undefined : snapshotOf(image);
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
