/** A plan without the AMIs of a virtualization type that cannot be tested. */

import { variantKey } from '../ids/variant.js';
import type { ImagePlan, RegionPlan } from './plan.js';
import type { Untested } from './untested.js';

/** The region without AMIs of this type; those that `isThere` names stay. */
export function regionWithout(
  region: RegionPlan,
  { virt, reason }: Untested,
  isThere: (name: string) => boolean = () => false,
): RegionPlan {
  const isLeft = ({ variant, name }: RegionPlan['wanted'][number]) =>
    variant.virt === virt && !isThere(name);
  const left = region.wanted.filter(isLeft);
  if (left.length === 0) return region;
  return {
    ...region,
    wanted: region.wanted.filter((want) => !isLeft(want)),
    leftOut: [...region.leftOut, ...left.map(({ variant, name }) => ({ variant, name, reason }))],
  };
}

/** The plan of a run that has found out that it cannot test this type. */
export function planWithout(plan: ImagePlan, untested: Untested): ImagePlan {
  const { test, registration } = plan;
  const variants = test.variants.filter(({ virt }) => virt !== untested.virt);
  return {
    ...plan,
    home: regionWithout(plan.home, untested),
    copies: plan.copies.map((region) => regionWithout(region, untested)),
    test: { ...test, variants },
    registration: { ...registration, tests: variants.map(variantKey) },
    untested: [...(plan.untested ?? []), untested],
  };
}
