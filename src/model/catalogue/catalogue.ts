/** Selects and orders the records of a list of AMIs, from histories or from tags. */

import { COMPOSE_TYPES, parseComposeId } from '../compose/compose.js';
import type { AmiRecord } from '../progress/progress.js';
import { VARIANT_KEYS, variantKey } from '../ids/variant.js';

/** Numbers within names count as numbers; the order is the same in every locale. */
const natural = new Intl.Collator('en', { numeric: true });

/** The records of images that have an AMI, and of those that have none, which only a history knows. */
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
 * The key that orders composes by age: date, then respin, then type, with the production compose as the newest.
 * Images published by hand have no date and come last.
 */
function ageOf(compose: string): string {
  const id = parseComposeId(compose);
  if (id === undefined) return '';
  const rank = COMPOSE_TYPES.length - COMPOSE_TYPES.indexOf(id.composeType);
  return `${id.date}.${id.respin}.${rank}`;
}

/**
 * The records of one variant of an image: the variant with AMIs in the most regions; of several, the first in
 * `preferred`.
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
