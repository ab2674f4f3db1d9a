/** A sentence names who acts: the two words that hide it do not occur in the code, the tests, the pages or the sample. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TREE = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['src', 'docs', 'test'];
const FILES = ['README.md', 'CHANGELOG.md', 'fedimg.sample.toml'];
const TEXT = /\.(?:md|py|sh|toml|ts)$/;
/** Written so that this file does not have the words. */
const ACTOR_IS_HIDDEN = /\b(?:no[b]ody|who[e]ver)\b/i;

async function textFiles(): Promise<string[]> {
  const inFolders = await Promise.all(
    FOLDERS.map(async (folder) => {
      const names = await readdir(join(TREE, folder), { recursive: true });
      return names.filter((name) => TEXT.test(name)).map((name) => join(folder, name));
    }),
  );
  return [...FILES, ...inFolders.flat()].sort();
}

async function hiddenActors(file: string): Promise<string[]> {
  const lines = (await readFile(join(TREE, file), 'utf8')).split('\n');
  return lines.flatMap((line, index) =>
    ACTOR_IS_HIDDEN.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
  );
}

describe('plain English', () => {
  it('names who acts in the code, the pages and the sample configuration', async () => {
    const files = await textFiles();
    assert(files.length > 300, `only ${files.length} files were read`);
    const found = (await Promise.all(files.map(hiddenActors))).flat();
    assert.deepEqual(found, [], 'name the actor instead; CONTRIBUTING.md says how');
  });
});
