import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { CATALOGUE } from './catalogue/index.js';

const ROOT = new URL('../../', import.meta.url);

describe('the planted bugs', () => {
  it('each have their place in the sources still, and a name of their own', async () => {
    for (const { name, file, find, tests } of CATALOGUE) {
      const source = await readFile(new URL(file, ROOT), 'utf8');
      assert.equal(source.split(find).length - 1, 1, `${name}: write it anew for ${file}`);
      for (const test of tests) await access(new URL(test, ROOT));
    }
    assert.equal(new Set(CATALOGUE.map(({ name }) => name)).size, CATALOGUE.length);
  });

  it('are at least forty, and two for each invariant', () => {
    assert(CATALOGUE.length >= 40, String(CATALOGUE.length));
    for (let number = 1; number <= 17; number += 1) {
      const own = CATALOGUE.filter(({ invariant }) => invariant === `I${number}`);
      assert(own.length >= 2, `I${number} has ${own.length}`);
    }
  });
});
