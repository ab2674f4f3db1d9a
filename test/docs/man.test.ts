/** The man pages: complete, and right for both readers of roff. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsPage } from '../../scripts/reference/man-commands.js';
import { configurationManual } from '../../scripts/reference/man-configuration.js';
import { createWholeProgram } from '../../src/commands/program.js';
import { allCommands, commandShape } from '../../src/commands/shared/command-shape.js';
import { runProgram } from '../support/program.js';

/** The same sources give the same page, so it has no date. */
const NO_DATE = /missing date/;

describe('the man pages', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedimg-man-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function rendered(name: string, text: string): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, text);
    const lint = await runProgram('mandoc', ['-Tlint', '-Wwarning', file]);
    const complaints = lint.stdout.split('\n').filter((line) => line !== '' && !NO_DATE.test(line));
    assert.deepEqual(complaints, []);
    const { stdout, code } = await runProgram('mandoc', ['-Tascii', '-Owidth=200', file]);
    assert.equal(code, 0);
    // Bold is a letter over itself.
    return stdout.replace(/.[\b]/g, '');
  }

  it('have every command, option and example as they are typed', async () => {
    const program = commandShape(await createWholeProgram('0.0.0'));
    const text = await rendered('fedimg.1', commandsPage(program, '0.0.0'));
    const missing = allCommands(program)
      .filter(({ path, commands }) => path.length > 0 && commands.length === 0)
      .flatMap(({ path, options, help }) => [
        `fedimg ${path.join(' ')}`,
        ...options.map(({ long }) => long),
        ...(help?.examples ?? []).filter((one) => one.length < 100),
      ])
      .filter((expected) => !text.includes(expected));
    assert.deepEqual(missing, []);
  });

  it('have every table and key of the configuration', async () => {
    const text = await rendered('fedimg.toml.5', configurationManual('0.0.0'));
    for (const part of ['[[amis]]', '[test.instance_types]', 'region_patience', 'password_file']) {
      assert.ok(text.toLowerCase().includes(part), part);
    }
  });
});
