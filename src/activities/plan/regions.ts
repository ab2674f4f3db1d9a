/** Which AMIs each region gets, which ones it cannot get, and why. */

import type { ImageRequest, LeftOutAmi, RegionPlan, WantedAmi } from '../../model/plan/plan.js';
import {
  amiNameAdvice,
  amiNameProblem,
  renderTemplate,
  variantValues,
} from '../../model/ids/name-template.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { Origin } from '../../model/ids/tags.js';
import type { Variant } from '../../model/ids/variant.js';
import { variantRefusal } from '../../model/ids/variant.js';
import { amiName, imageValues } from './ami-names.js';
import { optional } from './optional.js';
import type { PlanContext } from './plan-context.js';
import type { RegionFacts } from './region-facts.js';
import { regionFacts } from './region-facts.js';

export interface WantedRegions {
  readonly request: ImageRequest;
  readonly origin: Origin;
  /** The home region first. */
  readonly regions: readonly string[];
  /** The regions that are enabled in the account. */
  readonly enabled: readonly string[];
  readonly variants: readonly Variant[];
  /** Why no paravirtual AMI can be tested; then no region gets one. */
  readonly untested: string | undefined;
}

export async function planRegions(
  context: PlanContext,
  wanted: WantedRegions,
  signal: AbortSignal,
): Promise<RegionPlan[]> {
  const { requiredRegions } = context.config.publish;
  return Promise.all(
    wanted.regions.map(async (regionName, index) => {
      const required = index === 0 || requiredRegions.includes(regionName);
      const amisWith = (kernel: string | undefined) =>
        wanted.variants.map((variant) =>
          planAmi(context, wanted.request, {
            regionName,
            variant,
            kernel,
            untested: wanted.untested,
          }),
        );
      const wantedWith = (kernel: string | undefined) => amisWith(kernel).filter(isWanted);
      const where = { ...wanted, regionName, required, wantedWith };
      // EC2 answers AuthFailure in a disabled region, as for refused credentials, and those are waited out.
      const facts = wanted.enabled.includes(regionName)
        ? await regionFacts(context, where, signal)
        : { unusable: notEnabled(regionName) };
      const { kernel, unusable, namesAreFree, publicAmis }: RegionFacts = facts;
      const amis = amisWith(kernel);
      return {
        regionName,
        required,
        wanted: amis.filter(isWanted),
        leftOut: amis.filter(isLeftOut),
        ...optional('unusable', unusable),
        ...optional('namesAreFree', namesAreFree),
        ...optional('publicAmis', publicAmis),
      };
    }),
  );
}

function notEnabled(regionName: string): string {
  return `the account has not enabled ${regionName}; enable it (aws account enable-region --region-name ${regionName}), or name it in publish.exclude_regions`;
}

function isLeftOut(ami: WantedAmi | LeftOutAmi): ami is LeftOutAmi {
  return 'reason' in ami;
}

function isWanted(ami: WantedAmi | LeftOutAmi): ami is WantedAmi {
  return !isLeftOut(ami);
}

function planAmi(
  context: PlanContext,
  request: ImageRequest,
  where: {
    readonly regionName: string;
    readonly variant: Variant;
    readonly kernel: string | undefined;
    readonly untested: string | undefined;
  },
): WantedAmi | LeftOutAmi {
  const { variant, regionName, kernel, untested } = where;
  const name = amiName(context, request, variant, regionName);
  const problem = amiNameProblem(name);
  if (problem !== undefined) throw badName(name, problem);
  const reason = variantRefusal(variant, {
    arch: request.image.arch,
    region: regionName,
    kernel,
    untested,
  });
  if (reason !== undefined) return { variant, name, reason };
  const values = { ...imageValues(request), ...variantValues(variant, regionName) };
  const description = renderTemplate(context.config.publish.description, values).slice(0, 255);
  const withKernel = variant.virt === 'paravirtual' && kernel !== undefined ? { kernel } : {};
  return { variant, name, description, ...withKernel };
}

function badName(name: string, problem: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `the AMI name "${name}" ${problem}`, {
    code: 'ami-name',
    class: 'refused',
    next: amiNameAdvice(name),
  });
}
