/** The tags that keep an AMI's plan, so that missing AMIs are known after the run's history is gone. */

import type { LeftOutAmi, RegionPlan, RegistrationPlan } from './plan.js';
import type { Tags } from '../ids/tags.js';
import { TAG, TAG_VALUE_CHARS_MAX } from '../ids/tags.js';
import type { Variant } from '../ids/variant.js';
import { parseVariantKey, variantKey } from '../ids/variant.js';

/** A region that lacks AMIs which the run wanted there. */
export interface LeftOutRegion {
  readonly regionName: string;
  /** As in the tag `fedimg:variants`. */
  readonly variants: string;
  readonly reason: string;
}

export interface PlannedVariant {
  readonly variant: Variant;
  /** False where the region cannot have it. */
  readonly wanted: boolean;
}

const LEFT_OUT = 'fedimg:left-out:';

/** The tags that each AMI carries from its registration on: the plan of its region. */
export function planTags(
  regionPlan: Pick<RegionPlan, 'wanted' | 'leftOut'>,
  { names, tests }: Pick<RegistrationPlan, 'names' | 'tests'>,
): Tags {
  const tags = {
    [TAG.variants]: variantsText(regionPlan),
    [TAG.tests]: tests.join(' '),
    [TAG.names]: names,
  };
  const fits = ([, value]: [string, string]) => value.length <= TAG_VALUE_CHARS_MAX;
  return Object.fromEntries(Object.entries(tags).filter(fits));
}

/** `hvm-standard hvm-gp2 -paravirtual-standard -paravirtual-gp2` */
export function variantsText({ wanted, leftOut }: Pick<RegionPlan, 'wanted' | 'leftOut'>): string {
  const key = ({ variant }: Pick<LeftOutAmi, 'variant'>) => variantKey(variant);
  return [...wanted.map(key), ...leftOut.map((one) => `-${key(one)}`)].join(' ');
}

/** Skips unknown words: anyone with access to the account can edit a tag. */
export function parseVariants(text: string | undefined): PlannedVariant[] {
  return (text ?? '').split(' ').flatMap((word) => {
    const variant = parseVariantKey(word.replace(/^-/, ''));
    return variant === undefined ? [] : [{ variant, wanted: !word.startsWith('-') }];
  });
}

/** For an AMI that is a result: it became one after all variants of `fedimg:tests` had passed. */
export function isTested(tags: Tags): boolean {
  const variant = tags[TAG.variant];
  return variant !== undefined && (tags[TAG.tests] ?? '').split(' ').includes(variant);
}

/** One tag a region; a long reason is cut, and regions for which the AMI has no `room` are dropped. */
export function leftOutTags(regions: readonly LeftOutRegion[], room: number): Tags {
  const entries = regions.slice(0, room).map(({ regionName, variants, reason }) => {
    const text = `${variants}: ${reason.replace(/\p{Cc}+/gu, ' ')}`;
    const isLong = text.length > TAG_VALUE_CHARS_MAX;
    const value = isLong ? `${text.slice(0, TAG_VALUE_CHARS_MAX - 1)}…` : text;
    return [`${LEFT_OUT}${regionName}`, value];
  });
  return Object.fromEntries(entries) as Tags;
}

export function parseLeftOut(tags: Tags): LeftOutRegion[] {
  return Object.entries(tags).flatMap(([key, value]) => {
    if (!key.startsWith(LEFT_OUT)) return [];
    const regionName = key.slice(LEFT_OUT.length);
    const [, variants = '', reason = ''] = /^([^:]*): (.*)$/su.exec(value) ?? [];
    return [{ regionName, variants, reason }];
  });
}
