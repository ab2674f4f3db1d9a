/** Tags in requests and answers: TagSpecification, limits, tagSet. */

import { CloudError, invalidValue } from '../../errors.js';
import { list, required, structure, text } from '../../input.js';
import type { Tags } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';

export const tagInput = list(structure({ Key: text, Value: text }));
export const tagSpecificationInput = list(
  structure({ ResourceType: required(text), Tag: tagInput }),
);
type TagSpecification = ReturnType<typeof tagSpecificationInput>[number];

/** EC2 user guide, "Tag your Amazon EC2 resources": restrictions. */
const tagsMax = 50;
const keyLengthMax = 128;
const valueLengthMax = 256;

export function readTags(given: ReturnType<typeof tagInput>): Tags {
  const tags: Tags = {};
  for (const { Key: key, Value: value } of given) {
    if (key === undefined || key === '') throw invalidValue('Tag key cannot be null or empty');
    checkKey(key);
    if ((value ?? '').length > valueLengthMax) {
      throw invalidValue(`Tag value exceeds the maximum length of ${valueLengthMax} characters`);
    }
    if (Object.hasOwn(tags, key)) throw invalidValue(`Duplicate tag key '${key}' specified.`);
    setTag(tags, key, value ?? '');
  }
  checkCount(tags);
  return tags;
}

function checkKey(key: string): void {
  if (key.length > keyLengthMax) {
    throw invalidValue(`Tag key exceeds the maximum length of ${keyLengthMax} characters`);
  }
  if (/^aws:/i.test(key)) {
    throw invalidValue(
      `Value ( ${key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use`,
    );
  }
}

function checkCount(tags: Tags): void {
  if (Object.keys(tags).length > tagsMax) {
    throw new CloudError(
      'TagLimitExceeded',
      `More than ${tagsMax} tags specified for one resource`,
    );
  }
}

/** Defines the property, because assigning would fail for a tag called `__proto__`. */
function setTag(tags: Tags, key: string, value: string): void {
  Object.defineProperty(tags, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** The resource's tags with the new ones over them; refuses more than the limit. */
export function mergeTags(present: Tags, added: Tags): Tags {
  const merged: Tags = {};
  for (const tags of [present, added]) {
    for (const [key, value] of Object.entries(tags)) setTag(merged, key, value);
  }
  checkCount(merged);
  return merged;
}

/** Tags by resource type; a type that the action does not make is refused, and so is a type given twice. */
export function readTagSpecifications(
  specifications: readonly TagSpecification[],
  allowed: readonly string[],
): ReadonlyMap<string, Tags> {
  const byType = new Map<string, Tags>();
  for (const { ResourceType: type, Tag: given } of specifications) {
    if (!allowed.includes(type)) {
      throw invalidValue(`'${type}' is not a valid taggable resource type for this operation.`);
    }
    if (byType.has(type)) {
      throw invalidValue(`The resource type '${type}' appears in more than one tag specification`);
    }
    if (given.length === 0) throw invalidValue('Tag specification must have at least one tag');
    byType.set(type, readTags(given));
  }
  return byType;
}

/** `tagSet`; absent without tags, as in EC2. */
export function tagSet(tags: Tags): XmlFields[] | undefined {
  const entries = Object.entries(tags);
  return entries.length === 0 ? undefined : entries.map(([key, value]) => ({ key, value }));
}
