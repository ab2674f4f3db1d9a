import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import {
  EXIT,
  EXIT_CODES_HELP,
  EXIT_MEANING,
  exitCodeOf,
} from '../../../src/commands/shared/exit-codes.js';

const meanings = Object.entries(EXIT).map(([name, code]): [number, string] => [
  code,
  EXIT_MEANING[name as keyof typeof EXIT],
]);

describe('exit codes', () => {
  it('follow the outcome of a publication', () => {
    assert.equal(exitCodeOf('published'), 0);
    assert.equal(exitCodeOf('already-published'), 0);
    assert.equal(exitCodeOf('partly-published'), 3);
    assert.equal(exitCodeOf('failed'), 1);
    assert.equal(exitCodeOf('cancelled'), 1);
    assert.equal(exitCodeOf('running'), 8);
  });

  it('are all in the help of every command', () => {
    for (const [code, meaning] of meanings) {
      assert.match(EXIT_CODES_HELP, new RegExp(`^ {2}(?:.* )?${code} {2}${meaning}`, 'm'));
    }
  });

  it('are the same in README, with the same meanings', async () => {
    const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
    const [, list] = /Exit status: ([^.]*)\./.exec(readme.replaceAll('\n', ' ')) ?? [];
    assert.ok(list !== undefined, 'README has a sentence that begins with "Exit status:"');
    const documented = list
      .replace(/ \([^)]*\)/g, '')
      .split(', ')
      .map((item): [number, string] => [
        Number(item.split(' ')[0]),
        item.slice(item.indexOf(' ') + 1),
      ]);
    const listed = meanings.map(([code, meaning]) => [code, meaning.replace(/;.*$/, '')]);
    assert.deepEqual(documented, listed);
  });
});
