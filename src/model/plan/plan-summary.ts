/** What a plan would make, as `fedimg plan` prints it. */

import type { Arch } from '../compose/compose.js';
import type { Tags } from '../ids/tags.js';
import { variantKey } from '../ids/variant.js';
import type { Estimate } from './estimate.js';
import { estimateOf } from './estimate.js';
import type { ImagePlan, RegionPlan, UtilityPlan } from './plan.js';
import type { PublicAmis } from './public-amis.js';

export interface PlannedAmi {
  readonly variant: string;
  readonly name: string;
  /** Why it is not made. */
  readonly reason?: string;
}

export interface PlannedRegion {
  readonly region: string;
  readonly required: boolean;
  /** Empty where the region is left out. */
  readonly amis: readonly PlannedAmi[];
  readonly leftOut: readonly PlannedAmi[];
  /** Why the whole region is left out, or null. */
  readonly reason: string | null;
  /** Null where AMIs stay private or the region was not asked. */
  readonly quota: PublicAmis | null;
}

export interface PlanSummary {
  readonly compose: string;
  readonly image: string;
  readonly arch: Arch;
  readonly url: string;
  readonly rawSizeBytes: number | null;
  readonly compressedSizeBytes: number | null;
  readonly public: boolean;
  /** True when an earlier run has published the image: a run would have no work to do. */
  readonly published: boolean;
  readonly home: string;
  /** The operator's own tags; {region} is filled in for each region. */
  readonly tags: Tags;
  /** Null where the worker writes the snapshot itself. */
  readonly utility: { readonly ami: string; readonly instanceTypes: readonly string[] } | null;
  readonly test: {
    readonly transport: string;
    readonly variants: readonly string[];
    readonly instanceTypes: readonly string[];
  };
  /** The home region first. */
  readonly regions: readonly PlannedRegion[];
  readonly warnings: readonly string[];
  readonly about: Estimate;
}

export function summaryOf(plan: ImagePlan): PlanSummary {
  const { origin, utility, test } = plan;
  return {
    compose: origin.composeId,
    image: origin.image,
    arch: plan.arch,
    url: plan.url,
    rawSizeBytes: plan.rawSizeBytes ?? null,
    compressedSizeBytes: plan.compressedSizeBytes ?? null,
    public: plan.makePublic,
    published: plan.published !== undefined,
    home: plan.homeRegion,
    tags: origin.ownTags ?? {},
    utility: utility === undefined ? null : utilitySummary(utility),
    test: {
      transport: test.transport,
      variants: test.variants.map(variantKey),
      instanceTypes: test.instanceTypes,
    },
    regions: [plan.home, ...plan.copies].map(plannedRegion),
    warnings: plan.warnings ?? [],
    about: estimateOf(plan),
  };
}

function utilitySummary({ ami, placements }: UtilityPlan): NonNullable<PlanSummary['utility']> {
  return { ami, instanceTypes: [...new Set(placements.map(({ instanceType }) => instanceType))] };
}

function plannedRegion(region: RegionPlan): PlannedRegion {
  const { regionName, required, wanted, leftOut, unusable, publicAmis } = region;
  const wantedAmis = wanted.map(({ variant, name }) => ({ variant: variantKey(variant), name }));
  return {
    region: regionName,
    required,
    amis: unusable === undefined ? wantedAmis : [],
    leftOut: leftOut.map(({ variant, name, reason }) => ({
      variant: variantKey(variant),
      name,
      reason,
    })),
    reason: unusable ?? null,
    quota: publicAmis ?? null,
  };
}
