/** `npm test`: all tests, and beside them lint and types. The last line of the output counts the tests. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { testFiles } from './test-files.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COUNTS = /^\d+ passed, \d+ failed/;

const { values, positionals } = parseArgs({
  /** Test files; all by default. */
  allowPositionals: true,
  options: {
    /** Test files at the same time. Three keep two cores busy: each waits now and then. */
    jobs: { type: 'string', default: '3' },
    /** Only the tests. */
    unit: { type: 'boolean', default: false },
  },
});

interface Check {
  readonly name: string;
  readonly output: string;
  readonly ok: boolean;
}

const checks = values.unit ? [] : [check('lint'), check('types')];
const { counts, ok } = await runTests();
for (const { name, output, ok: isFine } of await Promise.all(checks)) {
  console.log(`${name}: ${isFine ? 'ok' : 'FAILED'}`);
  if (!isFine) {
    console.log(output);
    process.exitCode = 1;
  }
}
if (!ok) process.exitCode = 1;
console.log(counts);

/** Passes all on but the last line, which is kept for the end. */
async function runTests(): Promise<{ counts: string; ok: boolean }> {
  const files = positionals.length > 0 ? positionals : await testFiles();
  const color = process.stdout.isTTY ? ['--color'] : [];
  const mocha = [`${ROOT}/node_modules/mocha/bin/mocha.js`, '--parallel', '--jobs', values.jobs];
  const child = spawn(process.execPath, [...mocha, ...color, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let counted = 'the tests ended without a count';
  for await (const line of createInterface(child.stdout)) {
    if (COUNTS.test(line)) counted = line;
    else console.log(line);
  }
  return { counts: counted, ok: (await statusOf(child)) === 0 && COUNTS.test(counted) };
}

async function check(name: 'lint' | 'types'): Promise<Check> {
  const child = spawn('npm', ['run', '--silent', name], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return { name, ok: (await statusOf(child)) === 0, output };
}

/** Undefined when a signal ended it. */
async function statusOf(child: ChildProcess): Promise<number | undefined> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return undefined;
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? undefined)));
}
