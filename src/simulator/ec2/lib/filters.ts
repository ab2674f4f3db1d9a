/** Filters of the Describe actions (EC2 user guide, "List and filter using the CLI and API"). */

import { CloudError, invalidValue } from '../../errors.js';
import { globMatcher } from '../../faults/glob.js';
import { list, required, structure, text } from '../../input.js';
import type { Tags } from '../../store/state.js';

export const filterInput = list(structure({ Name: required(text), Value: list(text) }));
export type Filter = ReturnType<typeof filterInput>[number];

type FieldValue = string | number | boolean | undefined | readonly (string | undefined)[];
/** What each filter's name looks at; several values match if one does. */
export type FilterFields<T> = Readonly<Record<string, (record: T) => FieldValue>>;

const valuesMax = 200;

/** Keeps what matches every filter by any of its values; `*` and `?` are wildcards, values are case-sensitive. */
export function applyFilters<T extends { readonly tags?: Tags }>(
  records: Iterable<T>,
  filters: readonly Filter[],
  fields: FilterFields<T>,
): T[] {
  const tests = filters.map((filter) => filterTest(filter, fields));
  const kept: T[] = [];
  for (const record of records) if (tests.every((test) => test(record))) kept.push(record);
  return kept;
}

function filterTest<T extends { readonly tags?: Tags }>(
  filter: Filter,
  fields: FilterFields<T>,
): (record: T) => boolean {
  const { Name: name, Value: values } = filter;
  if (values.length === 0) throw invalidValue(`The filter '${name}' has no value`);
  if (values.length > valuesMax) {
    throw new CloudError(
      'FilterLimitExceeded',
      `The maximum number of filter values is ${valuesMax}`,
    );
  }
  const matchesValue = valueTest(values);
  if (name === 'tag-key') return (record) => Object.keys(record.tags ?? {}).some(matchesValue);
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (record) => {
      const tags = record.tags ?? {};
      return Object.hasOwn(tags, key) && matchesValue(tags[key] ?? '');
    };
  }
  if (!Object.hasOwn(fields, name)) throw invalidValue(`The filter '${name}' is invalid`);
  const field = fields[name];
  return (record) => {
    const value = field?.(record);
    if (value === undefined) return false;
    if (Array.isArray(value)) {
      return (value as readonly (string | undefined)[]).some(
        (one) => one !== undefined && matchesValue(one),
      );
    }
    return matchesValue(String(value));
  };
}

function valueTest(values: readonly string[]): (value: string) => boolean {
  const plain = new Set<string>();
  const patterns: ((value: string) => boolean)[] = [];
  for (const value of values) {
    if (/[*?\\]/.test(value)) patterns.push(globMatcher(value));
    else plain.add(value);
  }
  return (value) => plain.has(value) || patterns.some((pattern) => pattern(value));
}

/** As the API writes times in filters. */
export function filterTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}
