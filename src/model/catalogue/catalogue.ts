/** What a list of AMIs is made of, whichever source told the records: selected, in one order, one variant an image. */

import { COMPOSE_TYPES, parseComposeId } from '../compose/compose.js';
import type { AmiRecord } from '../progress/progress.js';
import { VARIANT_KEYS, variantKey } from '../ids/variant.js';

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
  const ages = new Map(records.map(({ compose }) => [compose, ageOf(compose)]));
  const age = ({ compose }: AmiRecord) => ages.get(compose) ?? '';
  return records.toSorted(
    (a, b) =>
      natural.compare(b.release, a.release) ||
      natural.compare(age(b), age(a)) ||
      natural.compare(b.compose, a.compose) ||
      natural.compare(a.image, b.image) ||
      natural.compare(b.arch, a.arch) ||
      natural.compare(a.region, b.region) ||
      natural.compare(variantKey(a), variantKey(b)) ||
      natural.compare(a.ami ?? '', b.ami ?? ''),
  );
}

/**
 * What says when a compose was made: its name before the date says nothing of it. Of one day and respin the
 * production compose counts as the newest. An image by hand has no date, and comes after all that have.
 */
function ageOf(compose: string): string {
  const id = parseComposeId(compose);
  if (id === undefined) return '';
  const rank = COMPOSE_TYPES.length - COMPOSE_TYPES.indexOf(id.composeType);
  return `${id.date}.${id.respin}.${rank}`;
}

/**
 * Of one image's records those of a single variant, of which there is an AMI in the most regions; of several
 * such the first of `preferred`.
 */
export function ofOneVariant(
  records: readonly AmiRecord[],
  preferred: readonly string[] = VARIANT_KEYS,
): AmiRecord[] {
  const made = records.filter(({ ami }) => ami !== null);
  const ofKey = (key: string) => made.filter((record) => variantKey(record) === key);
  return preferred
    .map(ofKey)
    .reduce((best, one) => (regionsOf(one).length > regionsOf(best).length ? one : best), []);
}

export function regionsOf(records: readonly AmiRecord[]): string[] {
  return [...new Set(records.map(({ region }) => region))].sort();
}
