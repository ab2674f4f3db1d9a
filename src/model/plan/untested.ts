/** A virtualization type whose test cannot run here: its AMIs are left out, and the others are published. */

import type { Virtualization } from '../ids/variant.js';
import { parseVariantKey } from '../ids/variant.js';
import type { Tags } from '../ids/tags.js';
import { TAG_VALUE_CHARS_MAX, UNTESTED_PREFIX } from '../ids/tags.js';

export interface Untested {
  readonly virt: Virtualization;
  readonly reason: string;
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
