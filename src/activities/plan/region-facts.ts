/** What one region says before anything is made: its PV kernel, public access, names, and the quota of public AMIs. */

import { classifyAwsError } from '../../aws/errors.js';
import type { RegionAccess } from '../../aws/region-access.js';
import type { Origin } from '../../model/ids/tags.js';
import type { ImageRequest, WantedAmi } from '../../model/plan/plan.js';
import type { PublicAmis } from '../../model/plan/public-amis.js';
import { hasRoom } from '../../model/plan/public-amis.js';
import { namesThere } from './ami-names.js';
import type { PlanContext } from './plan-context.js';
import { countPublicAmis, withoutRoomText } from './quota.js';
import type { Variant } from '../../model/ids/variant.js';

export interface RegionFacts {
  readonly kernel?: string | undefined;
  /** Why the region cannot be used. */
  readonly unusable?: string | undefined;
  readonly namesAreFree?: true | undefined;
  readonly publicAmis?: PublicAmis | undefined;
}

export interface RegionQuestion {
  readonly regionName: string;
  readonly required: boolean;
  readonly request: ImageRequest;
  readonly origin: Origin;
  readonly variants: readonly Variant[];
  readonly untested: string | undefined;
  /** The AMIs that the region gets when it has this kernel. */
  wantedWith(kernel: string | undefined): readonly WantedAmi[];
}

/** In patiences of a region: keys are rolled for all regions, so the region is not the cause. */
const CREDENTIALS_PATIENCE = 12;

/** Throws AWS's error of a required region, and of another region while the plan is to be tried again. */
export async function regionFacts(
  context: PlanContext,
  question: RegionQuestion,
  signal: AbortSignal,
): Promise<RegionFacts> {
  const { regionName, required } = question;
  const ec2 = context.aws.region(regionName);
  try {
    return await askRegion(context, ec2, question, signal);
  } catch (error) {
    const failure = classifyAwsError(error);
    if (failure === undefined || signal.aborted || required) throw error;
    // A region that is disabled, closed by a policy, or down is left out; the other regions go on.
    if (failure.class === 'refused') return { unusable: `${failure.message} (${failure.next})` };
    const patience = failure.class === 'credentials' ? CREDENTIALS_PATIENCE : 1;
    const gaveUp = context.gaveUp(patience * ec2.settings.regionPatienceMs);
    if (gaveUp === undefined) throw error;
    return { unusable: `${failure.message} (${gaveUp})` };
  }
}

async function askRegion(
  context: PlanContext,
  ec2: RegionAccess,
  question: RegionQuestion,
  signal: AbortSignal,
): Promise<RegionFacts> {
  const { publish } = context.config;
  const [blocked, kernel] = await Promise.all([
    publish.public ? context.facts.region(ec2.name).publicAccess.get(signal) : undefined,
    kernelOf(context, ec2, question, signal),
  ]);
  const wanted = question.wantedWith(kernel);
  const [names, publicAmis] = await Promise.all([
    // Of a required region the earlier publication decides, which may be this very image.
    question.required ? undefined : namesThere(ec2, question.origin, wanted, signal),
    publish.public
      ? countPublicAmis(context, ec2, { ...question, wanted, kernel }, signal)
      : undefined,
  ]);
  const noRoom =
    publicAmis === undefined || hasRoom(publicAmis)
      ? undefined
      : withoutRoomText(ec2.name, publicAmis);
  const namesAreFree = names?.areFree === true ? true : undefined;
  return { kernel, unusable: blocked ?? names?.refusal ?? noRoom, namesAreFree, publicAmis };
}

async function kernelOf(
  { config, facts }: PlanContext,
  ec2: RegionAccess,
  { request }: RegionQuestion,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { publish, amis } = config;
  const isPvWanted = publish.virtualizationTypes.includes('paravirtual');
  const configured = amis.find((item) => item.region === ec2.name && item.aki !== undefined)?.aki;
  if (configured !== undefined) return configured;
  // For aarch64, too, behind an x86_64 image: its paravirtual AMIs count against the same quota.
  const images = [request.image, ...(request.ahead ?? [])];
  const isKernelUsed = isPvWanted && images.some(({ arch }) => arch === 'x86_64');
  return isKernelUsed ? facts.region(ec2.name).pvKernel.get(signal) : undefined;
}
