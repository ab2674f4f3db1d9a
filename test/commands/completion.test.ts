/** The completion scripts in the shells themselves. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bashCompletion } from '../../src/commands/completion/bash.js';
import { fishCompletion } from '../../src/commands/completion/fish.js';
import { zshCompletion } from '../../src/commands/completion/zsh.js';
import { createWholeProgram } from '../../src/commands/program.js';
import {
  allCommands,
  commandShape,
  type CommandShape,
} from '../../src/commands/shared/command-shape.js';
import { runProgram } from '../support/program.js';

/** What is typed, the cursor at the end, and some of what the shell offers or does not offer. */
const CASES: readonly {
  readonly typed: string;
  readonly has: readonly string[];
  readonly not?: readonly string[];
}[] = [
  { typed: 'fedimg conf', has: ['config'], not: ['compose', 'completion'] },
  { typed: 'fedimg ', has: ['demo', 'worker', 'completion'], not: ['--help'] },
  { typed: 'fedimg config ', has: ['check', 'show', 'schema', 'import'] },
  { typed: 'fedimg --config x config ch', has: ['check'] },
  { typed: 'fedimg publish URL --arch ', has: ['x86_64', 'aarch64'] },
  { typed: 'fedimg amis --output ', has: ['terraform', 'json'] },
  { typed: 'fedimg status --output j', has: ['json', 'jsonl'], not: ['terraform', 'table'] },
  { typed: 'fedimg worker --log-level ', has: ['debug', 'info'] },
  { typed: 'fedimg sweep --', has: ['--dry-run', '--config', '--help'], not: ['--arch'] },
  { typed: 'fedimg completion ', has: ['bash', 'zsh', 'fish'] },
  { typed: 'fedimg retry ', has: ['@latest'] },
  { typed: 'fedimg amis --from ', has: ['temporal', 'ec2'] },
];

describe('the completion script', () => {
  let program: CommandShape;
  let folder = '';
  before(async () => {
    program = commandShape(await createWholeProgram('0.0.0'));
    folder = await mkdtemp(join(tmpdir(), 'fedimg-completion-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function offersThat(
    name: string,
    offered: (typed: string, script: string) => Promise<string[]>,
    script: string,
  ): Promise<void> {
    const file = join(folder, name);
    await writeFile(file, script);
    for (const { typed, has, not = [] } of CASES) {
      const words = await offered(typed, file);
      for (const word of has)
        assert.ok(words.includes(word), `${typed}: no ${word} in ${words.join(' ')}`);
      for (const word of not) assert.ok(!words.includes(word), `${typed}: has ${word}`);
    }
  }

  it('offers commands, options and their values in bash', async () => {
    const offered = async (typed: string, script: string): Promise<string[]> => {
      const words = typed.split(' ');
      const test = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fedimg; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = await runProgram('bash', ['-c', test, script, ...words]);
      assert.equal(stderr, '');
      return stdout.split('\n');
    };
    await offersThat('fedimg.bash', offered, bashCompletion(program));
  });

  it('offers commands, options and their values in zsh', async () => {
    // zsh's own functions exist only while a person types.
    const stubs = `
      compdef() { }
      compset() { }
      _files() { }
      compadd() { shift; print -l -- "$@" }
      _describe() { for one in "\${found[@]}"; do print -r -- "\${one%%:*}"; done }
      source "$1"; shift; words=("$@"); CURRENT=$#; _fedimg`;
    const offered = async (typed: string, script: string): Promise<string[]> => {
      const { stdout, stderr } = await runProgram('zsh', [
        '-fc',
        stubs,
        'zsh',
        script,
        ...typed.split(' '),
      ]);
      assert.equal(stderr, '');
      const begin = typed.split(' ').at(-1) ?? '';
      return stdout.split('\n').filter((word) => word.startsWith(begin));
    };
    await offersThat('_fedimg', offered, zshCompletion(program));
  });

  it('offers commands, options and their values in fish', async () => {
    const offered = async (typed: string, script: string): Promise<string[]> => {
      const test = 'source $argv[1]; complete -C $argv[2]';
      const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
      const { stdout, stderr } = await runProgram(
        'fish',
        ['--no-config', '-c', test, script, typed],
        { env },
      );
      assert.equal(stderr, '');
      return stdout.split('\n').map((line) => line.split('\t', 1).join(''));
    };
    await offersThat('fedimg.fish', offered, fishCompletion(program));
  });

  it('knows each option that takes a value in one command as one in all: else the next word is mistaken', () => {
    const switches = new Set<string>();
    const valued = new Set<string>();
    for (const { options } of allCommands(program)) {
      for (const { long, value } of options) (value === undefined ? switches : valued).add(long);
    }
    assert.deepEqual(
      [...switches].filter((one) => valued.has(one)),
      [],
    );
  });
});
