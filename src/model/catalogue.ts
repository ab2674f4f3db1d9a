/** What a list of AMIs is made of, whichever source told the records: selected, in one order, one variant an image. */

import type { AmiRecord } from './progress.js';
import { VARIANT_KEYS, variantKey } from './variant.js';

/** Releases and composes as people order them, whatever the locale of whoever asks. */
const natural = new Intl.Collator('en', { numeric: true });

/** All images, and those without a single AMI: of these only a history knows. */
export function byPresence(records: readonly AmiRecord[]): {
  readonly present: AmiRecord[];
  readonly absent: AmiRecord[];
} {
  const there = new Set(records.filter(({ ami }) => ami !== null).map(imageKeyOf));
  const isPresent = (record: AmiRecord) => there.has(imageKeyOf(record));
  return {
    present: records.filter(isPresent),
    absent: records.filter((record) => !isPresent(record)),
  };
}

export function imageKeyOf({ compose, image, arch }: AmiRecord): string {
  return JSON.stringify([compose, image, arch]);
}

/** Newest release and compose first; within an image by region and variant. */
export function inOrder(records: readonly AmiRecord[]): AmiRecord[] {
  return records.toSorted(
    (a, b) =>
      natural.compare(b.release, a.release) ||
      natural.compare(b.compose, a.compose) ||
      natural.compare(a.image, b.image) ||
      natural.compare(b.arch, a.arch) ||
      natural.compare(a.region, b.region) ||
      natural.compare(variantKey(a), variantKey(b)) ||
      natural.compare(a.ami ?? '', b.ami ?? ''),
  );
}

/** Of one image's records those of a single variant: the first of `preferred` of which there is an AMI. */
export function ofOneVariant(
  records: readonly AmiRecord[],
  preferred: readonly string[] = VARIANT_KEYS,
): AmiRecord[] {
  const made = records.filter(({ ami }) => ami !== null);
  const chosen = preferred.find((key) => made.some((record) => variantKey(record) === key));
  return made.filter((record) => variantKey(record) === chosen);
}
