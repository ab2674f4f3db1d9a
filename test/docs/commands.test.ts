/** The commands of all pages exist with their options, and each is run by a test or is an exception with a reason. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../src/commands/program.js';
import { pageCommands } from './page-commands.js';
import { EXCEPTIONS, SESSION } from './session.js';
import { TREE } from './shell-blocks.js';

/** What a reader replaces. */
const FILLED: Readonly<Record<string, string>> = { REGION: 'us-east-1', ID: '@latest' };
const AN_IMAGE = 'publish https://example.org/a.raw.xz --arch x86_64';

/** Words as the shell makes them, without expansions. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}

function withoutActions(command: Command): void {
  command.action(() => undefined);
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const child of command.commands) withoutActions(child);
}

/** Why the command line refuses the command; undefined where it accepts it. */
async function refusal(text: string): Promise<string | undefined> {
  const [, ...words] = wordsOf(
    text
      .replace(/^npx /, '')
      .replace(/ >\S+$/, '')
      .replace('publish …', AN_IMAGE),
  );
  const filled = words.map((word) => FILLED[word] ?? word);
  // In a sentence the name of a command stands for it: its required arguments are not there.
  const isName = filled.every((word) => /^[a-z]+$/.test(word));
  const program = await createProgram(filled, '0');
  withoutActions(program);
  try {
    await program.parseAsync(filled, { from: 'user' });
    return undefined;
  } catch (error) {
    const { code = '', message } = error as Error & { readonly code?: string };
    if (code === 'commander.version') return undefined;
    if (isName && /missing(?:Argument|MandatoryOptionValue)/.test(code)) return undefined;
    if (isName && code === 'commander.help') return undefined;
    return `${text}: ${message}`;
  }
}

describe('the commands of the pages', () => {
  it('of fedimg are accepted with their arguments and options', async () => {
    const commands = (await pageCommands()).map(({ text }) => text);
    const own = [...new Set(commands)].filter((text) => /^(?:npx )?fedimg /.test(text));
    assert(own.length > 50, own.join('\n'));
    const refused: string[] = [];
    // One after the other: commander writes what it refuses.
    for (const text of own) refused.push(...((await refusal(text)) ?? []));
    assert.deepEqual(refused.join(''), '');
  });

  it('of this tree name scripts and files that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(TREE, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const wrong: string[] = [];
    for (const { page, text } of await pageCommands()) {
      const [, script] = /^npm run (\S+)/.exec(text) ?? [];
      if (script !== undefined && scripts[script] === undefined) wrong.push(`${page}: ${text}`);
      const [, files] = /npx (?:mocha|tsx) ([^-…]\S*(?: (?!-)\S+)*)/.exec(text) ?? [];
      const missing = (files?.split(' ') ?? []).filter((file) => !existsSync(join(TREE, file)));
      wrong.push(...missing.map((file) => `${page}: ${text}: there is no ${file}`));
    }
    assert.deepEqual(wrong, []);
  });

  it('are run by a test, or have a reason why not', async () => {
    const run = new Set(SESSION.map(({ page }) => page));
    const commands = [...new Set((await pageCommands()).map(({ text }) => text))];
    const open = commands.filter(
      (text) => !run.has(text) && !EXCEPTIONS.some(([pattern]) => pattern.test(text)),
    );
    assert.deepEqual(open, [], 'add them to SESSION, or to EXCEPTIONS with the reason');
    const gone = SESSION.flatMap(({ page }) =>
      page === undefined || commands.includes(page) ? [] : [page],
    );
    assert.deepEqual(gone, [], 'no page has these commands');
    const unused = EXCEPTIONS.filter(([pattern]) => !commands.some((text) => pattern.test(text)));
    assert.deepEqual(
      unused.map(([pattern]) => String(pattern)),
      [],
      'no page has a command of these exceptions',
    );
  });
});
