/** JSON documents of strangers: good ones with one poisoned place, bombs, and texts that only look like JSON. */

import fc from 'fast-check';
import { hostileKey, hostileText } from './hostile-text.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const numbers = fc.constantFrom(
  0,
  -0,
  -1,
  1.5,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  2 ** 31,
  2 ** 63,
);

/** One value that does not belong where it stands. */
export const hostileValue: fc.Arbitrary<Json> = fc.oneof(
  { weight: 5, arbitrary: hostileText },
  { weight: 2, arbitrary: numbers },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json>(null, true, false, [], {}, [null], [[]], { a: [] }),
  },
  { weight: 1, arbitrary: fc.array(hostileText, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(hostileKey, hostileText, { maxKeys: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json> },
);

type Place = readonly (string | number)[];

function placesOf(value: Json, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.keys(value).flatMap((key) =>
      placesOf((value as Record<string, Json>)[key] ?? null, [...at, key]),
    ),
  ];
}

function changed(value: Json, place: Place, change: (old: Json) => Json | undefined): Json {
  const [key, ...rest] = place;
  if (key === undefined) return change(value) ?? null;
  const copy = (Array.isArray(value) ? [...(value as Json[])] : { ...(value as object) }) as Record<
    string | number,
    Json
  >;
  if (rest.length > 0) copy[key] = changed(copy[key] ?? null, rest, change);
  else {
    const made = change(copy[key] ?? null);
    if (made === undefined && Array.isArray(copy)) copy.splice(Number(key), 1);
    else if (made === undefined) delete copy[key];
    else
      Object.defineProperty(copy, key, {
        value: made,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return copy;
}

/** The document with one place changed: another value, none, or one more key of a hostile name. */
export function poisonedJson(document: Json): fc.Arbitrary<Json> {
  const places = placesOf(document);
  return fc
    .tuple(fc.nat({ max: places.length - 1 }), hostileValue, hostileKey, fc.nat({ max: 9 }))
    .map(([index, value, key, way]) =>
      changed(document, places[index] ?? [], (old) => {
        if (way === 0) return undefined;
        if (way <= 2 && typeof old === 'string' && typeof value === 'string') return old + value;
        if (way === 3 && typeof old === 'object' && old !== null && !Array.isArray(old)) {
          return Object.defineProperty({ ...old }, key, { value, enumerable: true });
        }
        return value;
      }),
    );
}

/** Nesting, counts, keys and numbers that only a bomb has; as text, since no value can hold them. */
const bomb: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[{"a":', '}]']),
      fc.constantFrom(31, 33, 1_000, 20_000),
      fc.boolean(),
    )
    .map(
      ([[open = '', close = ''], depth, whole]) =>
        open.repeat(depth) + (whole ? `1${close.repeat(depth)}` : ''),
    ),
  fc.constantFrom(
    '{"a":1,"a":2}',
    '{"compose_id":"Fedora-43-20251021.0","compose_id":"Fedora-43-20251021.1"}',
    '{"__proto__":{"polluted":true}}',
    '{"\\u005f_proto__":{"polluted":true}}',
    '1e400',
    '-1e400',
    '[1e99999]',
    `1${'0'.repeat(500)}`,
    `0.${'1'.repeat(500)}`,
    '"\\ud800"',
    '"\\u0000"',
    '"\u0000"',
    '\ufeff{}',
    '<html>',
    'NaN',
    '[1,]',
    '{"a":1,}',
    "{'a':1}",
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    'tru',
    '"',
    '"\\',
    '"\\u12',
    '/**/1',
    '',
    ' ',
  ),
  fc.nat({ max: 3000 }).map((count) => `[${'0,'.repeat(count)}0]`),
  fc
    .nat({ max: 500 })
    .map((count) => `{${Array.from({ length: count }, (_, n) => `"k${n}":{}`).join(',')}}`),
);

/** Text as a server sends it: a poisoned document, cut or with a changed character, or a bomb. */
export function hostileJsonText(document: Json): fc.Arbitrary<string> {
  const poisoned = poisonedJson(document).map((value) => JSON.stringify(value));
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const cut = fc
    .tuple(poisoned, place)
    .map(([text, at]) => text.slice(0, Math.floor(at * text.length)));
  const mangled = fc
    .tuple(
      poisoned,
      place,
      fc.constantFrom('"', '\\', '{', '}', ',', ':', '\u0000', '\ud800', '9', 'e'),
    )
    .map(([text, at, character]) => {
      const index = Math.floor(at * text.length);
      return text.slice(0, index) + character + text.slice(index + 1);
    });
  return fc.oneof(
    { weight: 5, arbitrary: poisoned },
    { weight: 2, arbitrary: mangled },
    { weight: 1, arbitrary: cut },
    { weight: 2, arbitrary: bomb },
    { weight: 1, arbitrary: hostileText },
    { weight: 1, arbitrary: fc.constant(JSON.stringify(document)) },
  );
}
