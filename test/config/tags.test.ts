import assert from 'node:assert/strict';
import { ConfigError } from '../../src/config/problems.js';
import { eachWithConfigFolder, LEAST } from './config-files.js';

describe('a tag of the operator', () => {
  const folder = eachWithConfigFolder();
  const load = (lines: string) => folder().load(`${LEAST}[tags]\n${lines}\n`);

  it('is taken as it is written, with placeholders', async () => {
    const config = await load(
      '"Cost Center" = "4711: a/b"\nimage = "{release} {image}"\n"Größe" = ""',
    );
    assert.deepEqual(config.tags, {
      'Cost Center': '4711: a/b',
      image: '{release} {image}',
      Größe: '',
    });
    assert.deepEqual((await folder().load(LEAST)).tags, {});
  });

  it('that EC2 or fedimg would refuse later is refused here, with its line', async () => {
    const cases: [line: string, complaint: RegExp][] = [
      ['"aws:x" = ""', /tags\.aws:x: begins with "aws:", which AWS reserves/],
      ['"AWS:x" = ""', /begins with "aws:"/],
      ['x = "aws:y"', /tags\.x: begins with "aws:".*use another value/],
      ['"fedimg:run" = "x"', /tags\.fedimg:run: is a tag that fedimg sets itself/],
      ['"Fedimg:Run" = "x"', /is a tag that fedimg sets itself/],
      ['Name = "x"', /is a tag that fedimg sets itself/],
      ['Managed-By = "x"', /is a tag that fedimg sets itself/],
      ['"" = "x"', /has no name/],
      ['"a*b" = "x"', /has the character "\*" in its name; allowed: letters, digits/],
      ['x = "a;b"', /tags\.x: has the character ";"/],
      [`${'k'.repeat(129)} = "x"`, /has 129 characters; allowed: 128/],
      [`x = "${'v'.repeat(257)}"`, /has 257 characters; allowed: 256/],
      [`x = "${'v'.repeat(220)}{image}"`, /has 276 characters; allowed: 256; it would be, for/],
      ['x = 5', /tags\.x: is 5; allowed: a string in quotes/],
      ['x = "{bogus}"', /tags\.x: has the unknown placeholder \{bogus\}; allowed: \{image\}/],
      ['x = "{virt}"', /tags\.x: has \{virt\}, which only AMIs have/],
      ['x = "{a"', /has a single brace/],
      [
        'Owner = "x"\nowner = "y"',
        /fedimg\.toml:10:1: tags\.owner: differs from Owner only in case/,
      ],
    ];
    for (const [lines, complaint] of cases) {
      await assert.rejects(load(lines), (error) => {
        assert(error instanceof ConfigError, lines);
        assert.match(error.message, complaint);
        assert.match(error.message, /^fedimg\.toml:(?:9|10):1: tags\./);
        return true;
      });
    }
  });

  it('is one of twenty at most: EC2 takes fifty with those of fedimg', async () => {
    const lines = Array.from({ length: 21 }, (_none, index) => `own${index} = "x"`);
    assert.equal(Object.keys((await load(lines.slice(1).join('\n'))).tags).length, 20);
    await assert.rejects(
      load(lines.join('\n')),
      /fedimg\.toml:29:1: tags\.own20: is one tag too many \(21\); allowed: 20; EC2 takes 50/,
    );
  });
});
