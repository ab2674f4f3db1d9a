/** Commands that the pages show can be typed: their options and tests exist. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWholeProgram } from '../../src/commands/program.js';
import { allCommands, commandShape } from '../../src/commands/shared/command-shape.js';

const TREE = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM_OPTIONS = ['--help', '--version'];

async function pages(): Promise<{ readonly page: string; readonly text: string }[]> {
  const docs = (await readdir(join(TREE, 'docs'))).filter((name) => name.endsWith('.md'));
  const names = ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => join('docs', name))];
  return Promise.all(
    names.map(async (page) => ({ page, text: await readFile(join(TREE, page), 'utf8') })),
  );
}

describe('the commands on the pages', () => {
  it('have the options that they are shown with', async () => {
    const shapes = allCommands(commandShape(await createWholeProgram('0.0.0')));
    const wrong: string[] = [];
    let count = 0;
    for (const { page, text } of await pages()) {
      for (const [command] of text.matchAll(/\bfedimg [a-z]+[^`\n|#;)]*/g)) {
        const words = command.trim().split(/\s+/).slice(1);
        const shape =
          shapes.find(
            ({ path }) => path.length === 2 && path.join(' ') === words.slice(0, 2).join(' '),
          ) ?? shapes.find(({ path }) => path.length === 1 && path[0] === words[0]);
        const options = words.flatMap((word) => /^--[a-z][a-z0-9-]*/.exec(word) ?? []);
        if (options.length === 0) continue;
        count += 1;
        const known = [...(shape?.options ?? []), ...(shape?.inherited ?? [])].map(
          ({ long }) => long,
        );
        const unknown = options.filter((one) => ![...known, ...PROGRAM_OPTIONS].includes(one));
        if (unknown.length > 0) wrong.push(`${page}: ${command.trim()}: ${unknown.join(' ')}`);
      }
    }
    assert.ok(count > 20, `only ${count} commands were found`);
    assert.deepEqual(wrong, []);
  });

  it('that run some tests match a title of that file', async () => {
    const wrong: string[] = [];
    let count = 0;
    for (const { page, text } of await pages()) {
      for (const [example, file = '', word = ''] of text.matchAll(
        /npx mocha (\S+\.test\.ts) -g (\w+)/g,
      )) {
        count += 1;
        const titles =
          (await readFile(join(TREE, file), 'utf8')).match(/\bit\(\s*(['"`]).*\1/g) ?? [];
        if (!titles.some((title) => title.includes(word))) wrong.push(`${page}: ${example}`);
      }
    }
    assert.ok(count > 0, String(count));
    assert.deepEqual(wrong, []);
  });
});
