import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config/load.js';
import { FEDORA_2015, FEDORA_2018, LEAST_OLD, SECRETS } from '../config/legacy-samples.js';
import { runCli, runHere } from './run-cli.js';

/** With `-o json` the error stands behind the notes. */
function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

describe('fedimg config import', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fedimg-config-import-'));
    await writeFile(path.join(folder, 'fedimg.cfg'), FEDORA_2015);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const run = (args: string[], input = '') =>
    input === ''
      ? runHere(['config', 'import', ...args], { cwd: folder })
      : runCli(['config', 'import', ...args], { cwd: folder, input });
  const write = (name: string, text: string) => writeFile(path.join(folder, name), text);
  const read = (name: string) => readFile(path.join(folder, name), 'utf8');

  it('prints only TOML to stdout, and a line for each changed key to stderr', async () => {
    const { code, stdout, stderr } = await run(['fedimg.cfg']);
    assert.equal(code, 0);
    await write('fedimg-test.sh', '#!/bin/bash\ntrue\n');
    await write('fedimg.toml', stdout);
    const { config } = await loadConfig({ env: {}, cwd: folder });
    assert.equal(config.amis[0].ami, 'ami-be6a98d6');
    assert.match(stderr, /^fedimg\.cfg:19: aws\.keypath has no counterpart: .+; .+$/m);
    assert.match(stderr, /^26 notes\. The configuration loads\.$/m);
    for (const secret of SECRETS) assert(!`${stdout}${stderr}`.includes(secret), secret);
  });

  it('prints how to write the script that the configuration on stdout needs', async () => {
    const quoted = LEAST_OLD.replace(/test = .*/, `test = echo 'it is' "$(date +%Y)"`);
    const { stderr } = await run(['-'], quoted);
    assert.match(stderr, /^standard input:4: aws\.test/m);
    const command = /^ {2}(printf .*)$/m.exec(stderr)?.[1] ?? '';
    await promisify(execFile)('bash', ['-c', command], { cwd: folder });
    assert.match(
      await read('fedimg-test.sh'),
      /^#!\/bin\/bash\n#.*\necho 'it is' "\$\(date \+%Y\)"\n$/,
    );
  });

  it('writes a configuration that a worker loads, with its script beside it', async () => {
    const { code, stdout, stderr } = await run(['fedimg.cfg', '--to', 'fedimg.toml']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^Written: fedimg\.toml and fedimg-test\.sh; 26 notes\.$/m);
    const { config } = await loadConfig({ env: {}, cwd: folder });
    assert.equal(config.test.script, path.join(folder, 'fedimg-test.sh'));
    assert((await stat(config.test.script)).mode & 0o100, 'it can be tried by hand');
  });

  it('overwrites a configuration only with --force', async () => {
    await write('fedimg.toml', '# mine\n');
    const refused = await run(['fedimg.cfg', '--to', 'fedimg.toml']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /fedimg\.toml exists already[^]*next: .*--force/);
    assert.equal(await read('fedimg.toml'), '# mine\n');
    await assert.rejects(read('fedimg-test.sh'), 'nothing was written, the script neither');
    assert.equal((await run(['fedimg.cfg', '--to', 'fedimg.toml', '--force'])).code, 0);
    assert.match(await read('fedimg.toml'), /\[\[amis\]\]/);
    assert.equal((await run(['fedimg.cfg', '--to', 'fedimg.toml', '--force'])).code, 0);
  });

  it('never replaces an existing test script by /bin/true, even with --force', async () => {
    await write('fedimg-test.sh', '#!/bin/bash\nsystemctl is-system-running\n');
    const { code, stderr } = await run(['fedimg.cfg', '--to', 'fedimg.toml', '--force']);
    assert.equal(code, 2);
    assert.match(stderr, /fedimg-test\.sh exists already[^]*next: .*--test-script fedimg-test\.sh/);
    assert.match(await read('fedimg-test.sh'), /is-system-running/);
    const kept = ['--test-script', 'fedimg-test.sh'];
    assert.equal((await run(['fedimg.cfg', '--to', 'fedimg.toml', ...kept])).code, 0);
    assert.match(await read('fedimg-test.sh'), /is-system-running/);
    await loadConfig({ env: {}, cwd: folder });
  });

  it('prints no partial configuration when a person must decide something', async () => {
    const { code, stdout, stderr } = await run(['-', '-o', 'json'], FEDORA_2018);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^standard input:4: general\.process_count/m);
    const { type, message, next } = JSON.parse(lastLine(stderr)) as Record<string, string>;
    assert.equal(type, 'UsageError');
    assert.match(message ?? '', /^standard input has no test command/);
    assert.match(next ?? '', /--test-script FILE$/);
    const plain = await run(['-'], FEDORA_2018);
    assert.equal(plain.code, 2);
    assert.match(plain.stderr, /^fedimg: standard input has no test command/m);
    assert.match(plain.stderr, /^ {2}next: .*--test-script FILE$/m);
    await write('smoke.sh', '#!/bin/bash\ntrue\n');
    const decided = await run(['-', '-o', 'json', '--test-script', 'smoke.sh'], FEDORA_2018);
    assert.equal(decided.code, 0, decided.stderr);
    const { toml, script, notes } = JSON.parse(decided.stdout) as {
      toml: string;
      script: unknown;
      notes: object[];
    };
    assert.match(toml, /script = ".*smoke\.sh"/);
    assert.equal(script, null);
    assert.deepEqual(Object.keys(notes[0] ?? {}), ['key', 'line', 'becomes', 'why', 'next']);
  });

  it('refuses a file that is not an old configuration before it writes a file', async () => {
    await write('words.txt', 'not an INI file\n');
    const wrong: [args: string[], message: RegExp][] = [
      [['words.txt'], /words\.txt is not an INI file: line 1 [^]*next: /],
      [
        ['/dev/zero'],
        /\/dev\/zero has more than 65536 bytes, the limit for an old configuration[^]*next: /,
      ],
      [['nowhere.cfg'], /cannot be read from nowhere\.cfg[^]*next: /],
      [['.'], /cannot be read from \.[^]*next: /],
      [
        ['fedimg.cfg', '--test-script', 'none.sh'],
        /none\.sh, which does not exist[^]*next: .*--test-script FILE/,
      ],
      [['fedimg.cfg', '--output', 'fedimg.toml'], /is not a format\n {2}next: .*--to fedimg\.toml/],
      [['fedimg.cfg', '-o', 'name'], /import does not have --output name/],
      [['fedimg.cfg', '--to', 'none/fedimg.toml'], /cannot be written[^]*next: /],
      [[], /missing required argument/],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    }
    await assert.rejects(read('fedimg.toml'));
  });

  it('escapes control characters of a hostile file in the notes', async () => {
    const hostile = LEAST_OLD.replace('eu-west-1|', '\u001b[2J\u202e|').replace(
      '[aws]',
      '[aws]\n\u0007\u001b]0;x = y',
    );
    await write('\u001b[2J.cfg', hostile);
    const { stdout, stderr } = await run(['\u001b[2J.cfg']);
    assert.match(stderr, /without a region \("\\u001b\[2J\\u202e"\)/);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(`${stdout}${stderr}`, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
