import assert from 'node:assert/strict';
import { closestTo } from '../../src/config/suggestion.js';
import { parseToml, TomlError } from '../../src/config/toml.js';

describe('TOML with places', () => {
  const text = [
    'top = 1',
    'a.b.c = "dotted"',
    '[table]',
    'list = [1, { x = 2 },',
    '  "three"]',
    '[[items]]',
    'name = "first"',
    '[[items]]',
    '  name = "second"',
    '[items.inner]',
    'deep = true',
    '["quoted key"]',
    "'literal' = 2025-10-21",
  ].join('\n');

  it('has the values that TOML defines', () => {
    const { value } = parseToml(text);
    assert.deepEqual(JSON.parse(JSON.stringify(value)), {
      top: 1,
      a: { b: { c: 'dotted' } },
      table: { list: [1, { x: 2 }, 'three'] },
      items: [{ name: 'first' }, { name: 'second', inner: { deep: true } }],
      'quoted key': { literal: '2025-10-21T00:00:00.000Z' },
    });
  });

  it('has the place of each key, and for a missing key that of the nearest table', () => {
    const { placeOf } = parseToml(text);
    const cases: [path: (string | number)[], line: number, column: number][] = [
      [['top'], 1, 1],
      [['a', 'b', 'c'], 2, 1],
      [['table'], 3, 2],
      [['table', 'list'], 4, 1],
      [['table', 'list', 0], 4, 9],
      [['table', 'list', 1, 'x'], 4, 14],
      [['table', 'list', 2], 5, 3],
      [['items', 0, 'name'], 7, 1],
      [['items', 1], 8, 3],
      [['items', 1, 'name'], 9, 3],
      [['items', 1, 'inner', 'deep'], 11, 1],
      [['items', 1, 'missing'], 8, 3],
      [['quoted key', 'literal'], 13, 1],
      [['nothing'], 1, 1],
    ];
    for (const [path, line, column] of cases) {
      assert.deepEqual(placeOf(path), { line, column }, path.join('.'));
    }
  });

  it('that is broken is reported with the place', () => {
    assert.throws(
      () => parseToml('a = 1\nb = [1,\n'),
      (error) => {
        assert.ok(error instanceof TomlError, String(error));
        return error.place.line === 3;
      },
    );
  });
});

describe('a mistyped word', () => {
  it('is answered with the most similar word, if one is similar', () => {
    const known = ['region', 'regions', 'required_regions', 'root_device'];
    assert.equal(closestTo('regoin', known), 'region');
    assert.equal(closestTo('Region', known), 'region');
    assert.equal(closestTo('requird_region', known), 'required_regions');
    assert.equal(closestTo('colour', known), undefined);
    assert.equal(closestTo('x'.repeat(5000), known), undefined);
  });
});
