/** docs/incidents.md names only files and tests that exist. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TREE = fileURLToPath(new URL('../..', import.meta.url));

/** The titles of all tests in the tree that are plain strings. */
async function titles(): Promise<Set<string>> {
  const files = await readdir(join(TREE, 'test'), { recursive: true });
  const texts = await Promise.all(
    files
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFile(join(TREE, 'test', file), 'utf8')),
  );
  // Not `it.skip`, and no title that is put together.
  const title = /\bit\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/g;
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(title)].map(([, single, double]) =>
        (single ?? double ?? '').replaceAll(/\\(.)/g, '$1'),
      ),
    ),
  );
}

/** The title that shares the most words: a reworded one, most often. */
function closest(title: string, known: ReadonlySet<string>): string {
  const words = new Set(title.toLowerCase().split(/\W+/));
  const likeness = (other: string): number => {
    const others = new Set(other.toLowerCase().split(/\W+/));
    const shared = [...words].filter((word) => others.has(word)).length;
    return shared / Math.sqrt(words.size * others.size);
  };
  return [...known].reduce((best, one) => (likeness(one) > likeness(best) ? one : best), '');
}

/** The rows of all tables, by heading; no head rows and no lines. */
async function rows(): Promise<{ readonly heading: string; readonly cells: string[] }[]> {
  const text = await readFile(join(TREE, 'docs/incidents.md'), 'utf8');
  let heading = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) heading = line.slice(3);
    if (!line.startsWith('| ') || line.startsWith('| What happened |')) return [];
    const cells = line.split('|').map((cell) => cell.trim());
    return [{ heading, cells: cells.slice(1, -1) }];
  });
}

describe('the table of incidents', () => {
  it('names for each incident a test that exists, or says why there is none', async () => {
    const known = await titles();
    const all = await rows();
    assert(all.length > 50, String(all.length));
    const wrong = all.flatMap(({ heading, cells }) => {
      const [what = '', source = '', guard = '', test = ''] = cells;
      if (what === '' || source === '' || guard === '') return [`${what}: a cell is empty`];
      if (heading === 'Not here') return [];
      const named = [...test.matchAll(/"([^"]+)"/g)].map(([, title]) => title ?? '');
      const gone = [...guard.matchAll(/`((?:[a-z-]+\/)+[a-z-]+\.(?:ts|sh))`/g)]
        .map(([, file]) => file ?? '')
        .filter((file) => !existsSync(join(TREE, 'src', file)));
      if (gone.length > 0) return [`${what}: there is no ${gone.join(', ')}`];
      if (named.length === 0) return [`${what}: no test is named`];
      return named
        .filter((title) => !known.has(title))
        .map((title) => `${what}: no test "${title}"; the closest is "${closest(title, known)}"`);
    });
    assert.deepEqual(wrong, []);
  });
});
