/** A virtualization type whose test cannot run here: its AMIs are left out, and the others are published. */

import type { Virtualization } from '../ids/variant.js';
import { parseVariantKey, variantKey } from '../ids/variant.js';
import type { Tags } from '../ids/tags.js';
import { TAG_VALUE_CHARS_MAX, UNTESTED_PREFIX } from '../ids/tags.js';
import type { ImagePlan, RegionPlan } from './plan.js';

export interface Untested {
  readonly virt: Virtualization;
  readonly reason: string;
}

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

/** The virtualization types of which a variant has passed. */
export function passedVirts(passed: readonly string[]): Set<Virtualization> {
  return new Set(passed.flatMap((key) => parseVariantKey(key)?.virt ?? []));
}

/** `fedimg:untested:paravirtual` = the reason, on the snapshot and the AMIs that stay. */
export function untestedTags({ virt, reason }: Untested): Tags {
  return { [`${UNTESTED_PREFIX}${virt}`]: reason.slice(0, TAG_VALUE_CHARS_MAX) };
}

/** The reason that an earlier run has noted; undefined where it has not. */
export function untestedReason(tags: Tags, virt: Virtualization): string | undefined {
  return tags[`${UNTESTED_PREFIX}${virt}`];
}

/** `paravirtual left out: no instance type …` */
export function untestedText({ virt, reason }: Untested): string {
  return `${virt} left out: ${reason}`;
}
