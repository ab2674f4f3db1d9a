/** The operator's own tags ([tags] of the configuration): what EC2 allows, and their values for one image and region. */

import type { PlaceholderValues } from './name-template.js';
import { renderTemplate } from './name-template.js';
import type { Origin, Tags } from './tags.js';
import { isFedimgKey, TAG_VALUE_CHARS_MAX } from './tags.js';

/** EC2 user guide, "Tag your Amazon EC2 resources": restrictions. */
export const TAG_KEY_CHARS_MAX = 128;
export const TAGS_PER_RESOURCE = 50;

/**
 * Of the 50 tags of a resource. An AMI has 21 of fedimg's own at its creation. Later come up to six passed tests, and
 * the marks of an adopted and of a kept AMI. The rest is for notes on left-out regions: one fits in every case.
 */
export const OWN_TAGS_MAX = 20;

/** Later fedimg tags of an AMI beside its tests: adopted, kept. */
const FIXED_TAGS_MAX = 23;

/** EC2 user guide, the same page: the characters that all services of AWS allow. */
const FORBIDDEN = /[^\p{L}\p{N}\p{Z}_.:/=+@-]/u;

const ALLOWED = 'allowed: letters, digits, spaces and + - = . _ : / @';

/** The problem with a key, or undefined. */
export function tagKeyProblem(key: string): string | undefined {
  if (key === '') return 'has no name; name the tag';
  if (key.length > TAG_KEY_CHARS_MAX) {
    return `has ${key.length} characters; allowed: ${TAG_KEY_CHARS_MAX}`;
  }
  const bad = FORBIDDEN.exec(key);
  if (bad !== null) return `has the character ${JSON.stringify(bad[0])} in its name; ${ALLOWED}`;
  if (/^aws:/i.test(key)) return 'begins with "aws:", which AWS reserves; use another name';
  if (isFedimgKey(key)) {
    return 'is a tag that fedimg sets itself; use another name (reserved: Name, managed-by, fedimg:...)';
  }
  return undefined;
}

/** The problem with a value whose placeholders are filled in, or undefined. `literal` is the value without them. */
export function tagValueProblem(value: string, literal: string): string | undefined {
  if (value.length > TAG_VALUE_CHARS_MAX) {
    return `has ${value.length} characters; allowed: ${TAG_VALUE_CHARS_MAX}`;
  }
  const bad = FORBIDDEN.exec(literal);
  if (bad !== null) return `has the character ${JSON.stringify(bad[0])}; ${ALLOWED}`;
  if (/^aws:/i.test(value)) return 'begins with "aws:", which AWS reserves; use another value';
  return undefined;
}

/** The tags with these placeholders filled in; those without a value stay. */
export function renderTags(tags: Tags, values: Partial<PlaceholderValues>): Tags {
  const rendered = Object.entries(tags).map(([key, value]) => [key, renderTemplate(value, values)]);
  return Object.fromEntries(rendered) as Tags;
}

/** The origin with the operator's tags as they are in one region. */
export function inRegion(origin: Origin, regionName: string): Origin {
  const { ownTags } = origin;
  return ownTags === undefined
    ? origin
    : { ...origin, ownTags: renderTags(ownTags, { region: regionName }) };
}

/** How many tags an AMI has room for beside all others that it may get. */
export function tagRoom(ownTags: Tags | undefined, testCount: number): number {
  const used = FIXED_TAGS_MAX + testCount + Object.keys(ownTags ?? {}).length;
  return Math.max(0, TAGS_PER_RESOURCE - used);
}
