/** Whether an image's AMIs fit into the quota of public AMIs, counted before anything is made. */

import { classifyAwsError } from '../../aws/errors.js';
import type { Quota } from '../../aws/quotas.js';
import { assumedQuota, quotaIncreaseCommand } from '../../aws/quotas.js';
import type { RegionAccess } from '../../aws/region-access.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import { variantRefusal, type Variant } from '../../model/ids/variant.js';
import type { ImageRequest, RegionPlan, WantedAmi } from '../../model/plan/plan.js';
import type { PublicAmis } from '../../model/plan/public-amis.js';
import { countText, hasRoom, neededQuota } from '../../model/plan/public-amis.js';
import { amiName } from './ami-names.js';
import type { PlanContext } from './plan-context.js';

export interface CountedAmis {
  readonly request: ImageRequest;
  readonly wanted: readonly WantedAmi[];
  readonly variants: readonly Variant[];
  readonly kernel: string | undefined;
  /** Why no paravirtual AMI is made. */
  readonly untested: string | undefined;
}

/** Counts what is public in the region, and what this image and those ahead of it will add. */
export async function countPublicAmis(
  context: PlanContext,
  ec2: RegionAccess,
  counted: CountedAmis,
  signal: AbortSignal,
): Promise<PublicAmis> {
  const count = await countNow(context, ec2, counted, signal);
  if (hasRoom(count)) return count;
  // The operator may have asked for more since another image's plan, or removed old AMIs.
  const facts = context.facts.region(ec2.name);
  facts.publicAmiQuota.forget();
  facts.publicAmiNames.forget();
  return countNow(context, ec2, counted, signal);
}

async function countNow(
  context: PlanContext,
  ec2: RegionAccess,
  { request, wanted, variants, kernel, untested }: CountedAmis,
  signal: AbortSignal,
): Promise<PublicAmis> {
  const [{ value, assumed }, publicNames] = await Promise.all([
    quotaOf(context, ec2, signal),
    context.facts.region(ec2.name).publicAmiNames.get(signal),
  ]);
  const isPublic = new Set(publicNames);
  const missing = (names: readonly string[]) => names.filter((name) => !isPublic.has(name)).length;
  const needed = missing(wanted.map(({ name }) => name));
  let ahead = 0;
  for (const image of request.ahead ?? []) {
    const where = { arch: image.arch, region: ec2.name, kernel, untested };
    const made = variants.filter((variant) => variantRefusal(variant, where) === undefined);
    const more = missing(
      made.map((variant) => amiName(context, { ...request, image }, variant, ec2.name)),
    );
    // An image that does not fit is left out here, so it takes no room from the images behind it.
    if (publicNames.length + ahead + more <= value) ahead += more;
  }
  const count = { quota: value, there: publicNames.length, ahead, needed };
  return assumed === undefined ? count : { ...count, assumed };
}

/** A service that only knows a number does not hold up the image: EC2's default is assumed once the patience is over. */
async function quotaOf(
  context: PlanContext,
  ec2: RegionAccess,
  signal: AbortSignal,
): Promise<Quota> {
  try {
    return await context.facts.region(ec2.name).publicAmiQuota.get(signal);
  } catch (error) {
    const failure = classifyAwsError(error);
    const gaveUp = context.gaveUp(ec2.settings.regionPatienceMs);
    if (failure === undefined || signal.aborted || gaveUp === undefined) throw error;
    return assumedQuota(failure.message);
  }
}

/** `the quota of public AMIs in eu-west-1 has no room: 5 allowed, 4 public, 2 more needed; ask AWS for more: aws …` */
export function withoutRoomText(regionName: string, count: PublicAmis): string {
  return `the quota of public AMIs in ${regionName} has no room: ${countText(count)}; ask AWS for more: ${quotaIncreaseCommand(regionName, neededQuota(count))}`;
}

const NAMED_MAX = 4;

/** What the operator should know about quotas that fedimg could not read. */
export function quotaWarnings(regions: readonly RegionPlan[]): string[] {
  const assumed = regions.filter(({ publicAmis }) => publicAmis?.assumed !== undefined);
  const [first] = assumed;
  if (first?.publicAmis === undefined) return [];
  const names =
    assumed.length <= NAMED_MAX
      ? assumed.map(({ regionName }) => regionName).join(', ')
      : `${assumed.length} regions`;
  const { quota, assumed: reason } = first.publicAmis;
  return [
    `the quota of public AMIs is not known in ${names}, so EC2's default of ${quota} is assumed: ${reason}. Give the worker role servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota.`,
  ];
}

/** Throws when a region without room must not be left out; names all regions without room, so that the operator asks once. */
export function refuseWithoutRoom(
  regions: readonly RegionPlan[],
  policy: 'leave-out' | 'fail',
): void {
  const full = regions.filter(({ publicAmis }) => publicAmis !== undefined && !hasRoom(publicAmis));
  const [first] = full;
  if (first === undefined) return;
  if (policy === 'leave-out' && !full.some(({ required }) => required)) return;
  const counts = full.map(({ regionName, publicAmis }) =>
    publicAmis === undefined ? regionName : `${regionName} (${countText(publicAmis)})`,
  );
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the quota of public AMIs has no room in ${counts.join(', ')}`,
    {
      code: 'public-ami-quota',
      class: 'refused',
      next: `Ask AWS for more, or deregister old public AMIs; then publish again. ${commandFor(full)}`,
      region: first.regionName,
    },
  );
}

/** One command for all regions; a shell loop where there are several. */
function commandFor(regions: readonly RegionPlan[]): string {
  const value = Math.max(
    ...regions.map(({ publicAmis }) => (publicAmis === undefined ? 0 : neededQuota(publicAmis))),
  );
  const names = regions.map(({ regionName }) => regionName);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return quotaIncreaseCommand(only, value);
  return `for region in ${names.join(' ')}; do ${quotaIncreaseCommand('$region', value)}; done`;
}
