/** Each relative link of a page leads to a file and a heading, and each source file that a page names exists. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const TREE = fileURLToPath(new URL('../..', import.meta.url));
const LINK = /\]\(([^)\s]+)\)/g;
const SOURCE_FILE = /`((?:[a-z-]+\/)+[a-z.-]+\.(?:ts|sh))`/g;
const CODE_BLOCK = /^```[\s\S]*?^```$/gm;

async function pages(): Promise<string[]> {
  const docs = (await readdir(join(TREE, 'docs'))).filter((name) => name.endsWith('.md'));
  return [
    ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'test/chaos/README.md'],
    ...docs.map((name) => join('docs', name)),
  ];
}

async function textOf(page: string): Promise<string> {
  return (await readFile(join(TREE, page), 'utf8')).replace(CODE_BLOCK, '');
}

/** The anchors that GitHub makes of the headings. */
async function anchorsOf(page: string): Promise<string[]> {
  const headings = [...(await textOf(page)).matchAll(/^#+ (.+)$/gm)];
  return headings.map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

async function brokenLinks(page: string): Promise<string[]> {
  const targets = [...(await textOf(page)).matchAll(LINK)].map(([, target = '']) => target);
  const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
  const broken = await Promise.all(
    relative.map(async (target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(TREE, file))) return [`${page}: ${target}: there is no ${file}`];
      if (anchor === undefined || (await anchorsOf(file)).includes(anchor)) return [];
      return [`${page}: ${target}: ${file} has no such heading`];
    }),
  );
  return broken.flat();
}

/** A page leaves out `src/` or `test/`, and the folder of a page stands for itself. */
async function missingFiles(page: string): Promise<string[]> {
  const named = [...(await textOf(page)).matchAll(SOURCE_FILE)].map(([, file = '']) => file);
  const roots = ['', 'src', 'test', dirname(page)];
  return named
    .filter((file) => !roots.some((root) => existsSync(join(TREE, root, file))))
    .map((file) => `${page}: there is no ${file}`);
}

describe('the pages', () => {
  it('link to files and headings that exist', async () => {
    const all = await pages();
    const broken = await Promise.all(all.map(brokenLinks));
    assert.deepEqual(broken.flat(), []);
  });

  it('name source files and tests that exist', async () => {
    const missing = await Promise.all((await pages()).map(missingFiles));
    assert.deepEqual(missing.flat(), []);
  });
});
