/** Finds out whether this image is already published, by the tags of its AMIs: histories expire, tags stay. */

import type { Image } from '@aws-sdk/client-ec2';
import { findImages, findImagesByName } from '../../aws/images.js';
import { findSnapshots } from '../../aws/snapshots.js';
import { tagOf, tagsOf } from '../../aws/tags.js';
import type { Completion } from '../../model/plan/completion.js';
import type { ImagePlan, RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type { Untested } from '../../model/plan/untested.js';
import { passedVirts, regionWithout, untestedReason } from '../../model/plan/untested.js';
import type { Origin } from '../../model/ids/tags.js';
import { parsePassed } from '../../model/ids/evidence.js';
import type { Variant } from '../../model/ids/variant.js';
import { VIRTUALIZATION_TYPES, variantKey } from '../../model/ids/variant.js';
import { isTested } from '../../model/plan/plan-tags.js';
import { runOf } from '../../model/sweep/stray.js';
import type { Tags } from '../../model/ids/tags.js';
import { imageKey, RESULT_STATE, TAG } from '../../model/ids/tags.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
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
  const found = completionFrom(image, evidence, untested);
  if (!isHomeComplete && !('source' in found)) {
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
  const regions = missing.filter((name) => image.only?.includes(name) ?? true);
  if (regions.length === 0) return { published };
  if (!('source' in found)) return { published, incompletable: found.reason };
  return { published, completion: { ...found, regions } };
}

type Source = Omit<Completion, 'regions'>;
type Evidence = (Source & { readonly tags: Tags }) | { readonly reason: string };

/** The snapshot of the home region's AMIs with the tests that passed on it, or the reason why it cannot be used. */
async function readEvidence(
  { aws }: PlanContext,
  origin: Origin,
  [made]: readonly RegisteredAmi[],
  signal: AbortSignal,
): Promise<Evidence> {
  if (made === undefined) return { reason: 'no AMI is in the home region' };
  const { regionName } = made;
  const snapshots = await findSnapshots(aws.region(regionName), imageKey(origin), signal);
  const snapshot = snapshots.find(({ SnapshotId }) => SnapshotId === made.snapshot);
  const rawSha256 = snapshot === undefined ? undefined : tagOf(snapshot, TAG.rawSha256);
  if (snapshot?.State !== 'completed' || rawSha256 === undefined) {
    return { reason: `EC2 does not list the tested snapshot ${made.snapshot} in ${regionName}` };
  }
  const tags = tagsOf(snapshot);
  const source = { regionName, snapshot: made.snapshot, rawSha256 };
  return { source, tests: parsePassed(tags), tags };
}

/** A new test would need an instance of a region that is done; so what the earlier run did not test is left out. */
function untestedByEarlier(plans: readonly RegionPlan[], evidence: Evidence): Untested[] {
  if (!('source' in evidence)) return [];
  const { tests, tags, source } = evidence;
  const passed = passedVirts(tests.map(({ variant }) => variant));
  // Without any evidence the image cannot be completed at all, and the reason says so.
  if (passed.size === 0) return [];
  const isWanted = (virt: string) =>
    plans.some(({ wanted }) => wanted.some(({ variant }) => variant.virt === virt));
  return VIRTUALIZATION_TYPES.filter((virt) => isWanted(virt) && !passed.has(virt)).map((virt) => ({
    virt,
    reason:
      untestedReason(tags, virt) ??
      `the snapshot ${source.snapshot} has no tag of a passed test of a ${virt} AMI`,
  }));
}

/** AMIs that an earlier run has published stay wanted: this run lists them. */
function withoutUntested(
  plans: readonly RegionPlan[],
  untested: readonly Untested[],
  atHome: readonly RegisteredAmi[],
): RegionPlan[] {
  const names = new Set(atHome.map(({ name }) => name));
  return plans.map((plan) =>
    untested.reduce((rest, one) => regionWithout(rest, one, (name) => names.has(name)), plan),
  );
}

/** What regions are added from, or the reason why none can be. */
function completionFrom(
  { testVariants }: EarlierImage,
  evidence: Evidence,
  untested: readonly Untested[],
): Source | { readonly reason: string } {
  if (!('source' in evidence)) return evidence;
  const { source, tests } = evidence;
  const passed = tests.map(({ variant }) => variant);
  const needed = testVariants.filter(({ virt }) => !untested.some((one) => one.virt === virt));
  const open = needed.map(variantKey).filter((variant) => !passed.includes(variant));
  if (needed.length === 0 || open.length > 0) {
    return {
      reason: `the snapshot ${source.snapshot} has no tag of a passed test of ${open.join(', ')}`,
    };
  }
  return { source, tests };
}

/**
 * RegisterImage would refuse these names, and the image would fail after an hour's work. Outside of the home region
 * the image's own AMIs are adopted after their bytes are compared; at home this run makes a snapshot of its own.
 */
async function refuseTakenNames(
  { aws }: PlanContext,
  origin: Origin,
  { plan, isHome }: { readonly plan: RegionPlan; readonly isHome: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { regionName, wanted } = plan;
  if (wanted.length === 0) return;
  const names = wanted.map(({ name }) => name);
  const images = await findImagesByName(aws.region(regionName), names, signal);
  const foreign = images.find(
    (image) => tagOf(image, TAG.run) !== origin.runId && (isHome || !isSameImage(image, origin)),
  );
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

/** Of this image and this file, and not kept for inspection. */
function isSameImage({ Tags }: Image, origin: Origin): boolean {
  const key = { ...imageKey(origin), [TAG.sha256]: origin.sha256 };
  return (
    origin.sha256 !== undefined &&
    tagOf({ Tags }, TAG.keepUntil) === undefined &&
    Object.entries(key).every(([name, value]) => tagOf({ Tags }, name) === value)
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
