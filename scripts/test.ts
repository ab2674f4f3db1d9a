/** `npm test`: all tests, and beside them lint and types. The last line of the output counts the tests. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FileCost } from '../test/support/file-costs.js';
import { COSTS_FILE, readFileCosts } from '../test/support/file-costs.js';
import { quickTestFiles, testFiles } from './test-files.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEAREST = 25;
/** Of lint and types; a test has 0 (setpriority(2)). */
const NICENESS = 8;
/** Linux keeps it in memory (tmpfs(5)); a container often has only 64 MiB of it. */
const SHARED_MEMORY = '/dev/shm';
/** Several times what the tests need at once. */
const MEMORY_BYTES_MIN = 4 * 1024 ** 3;
const COUNTS = /^\d+ passed, \d+ failed/;

const { values, positionals } = parseArgs({
  /** Test files; all by default. */
  allowPositionals: true,
  options: {
    /** Test files at the same time. Six keep two cores busy: each waits now and then. */
    jobs: { type: 'string', default: '6' },
    /** Only the tests. */
    unit: { type: 'boolean', default: false },
    /** Only the cheap folders. */
    quick: { type: 'boolean', default: false },
    /** Lists the test files that cost most. */
    times: { type: 'boolean', default: false },
  },
});

interface Check {
  readonly name: string;
  readonly output: string;
  readonly ok: boolean;
  readonly seconds: number;
}

const costs = values.times
  ? join(await mkdtemp(join(tmpdir(), 'fedimg-test-costs-')), 'costs')
  : undefined;
const env = { ...process.env, ...(await folderInMemory()) };
const begunMs = performance.now();
const checks = values.unit ? [] : [check('lint'), check('types')];
const { counts, ok } = await runTests();
console.log(`tests: ${ok ? 'ok' : 'FAILED'} after ${secondsSince(begunMs)} s`);
for (const { name, output, ok: isFine, seconds } of await Promise.all(checks)) {
  console.log(`${name}: ${isFine ? 'ok' : 'FAILED'} after ${seconds} s`);
  if (!isFine) {
    console.log(output);
    process.exitCode = 1;
  }
}
if (!ok) process.exitCode = 1;
if (costs !== undefined) await printDearest(costs);
console.log(counts);

/**
 * The tests' disks of the local cloud, databases and queues last for seconds. In memory, if it has room, the tests of the
 * fault matrix take a fifth less time. A TMPDIR of the user's own is kept.
 */
async function folderInMemory(): Promise<{ TMPDIR?: string }> {
  if (process.env['TMPDIR'] !== undefined) return {};
  const free = await statfs(SHARED_MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return free < MEMORY_BYTES_MIN ? {} : { TMPDIR: SHARED_MEMORY };
}

/** Passes all on but the last line, which is kept for the end. */
async function runTests(): Promise<{ counts: string; ok: boolean }> {
  const files =
    positionals.length > 0 ? positionals : await (values.quick ? quickTestFiles() : testFiles());
  const color = process.stdout.isTTY ? ['--color'] : [];
  const mocha = [`${ROOT}/node_modules/mocha/bin/mocha.js`, '--parallel', '--jobs', values.jobs];
  const child = spawn(process.execPath, [...mocha, ...color, ...files], {
    cwd: ROOT,
    env: costs === undefined ? env : { ...env, [COSTS_FILE]: costs },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let counted = 'the tests ended without a count';
  for await (const line of createInterface(child.stdout)) {
    if (COUNTS.test(line)) counted = line;
    else console.log(line);
  }
  return { counts: counted, ok: (await statusOf(child)) === 0 && COUNTS.test(counted) };
}

/** The order of `test-files.ts` follows this list. */
async function printDearest(file: string): Promise<void> {
  const all = readFileCosts(file);
  const sum = (of: (cost: FileCost) => number) => all.reduce((total, cost) => total + of(cost), 0);
  console.log(`${'wall'.padStart(7)} ${'user'.padStart(7)} ${'system'.padStart(7)}  seconds`);
  const line = (cost: FileCost) =>
    [cost.wallSeconds, cost.userSeconds, cost.systemSeconds]
      .map((seconds) => seconds.toFixed(1).padStart(7))
      .join(' ') + `  ${relative(ROOT, cost.file)}`;
  for (const cost of all.slice(0, DEAREST)) console.log(line(cost));
  console.log(
    line({
      file: join(ROOT, `all ${all.length} files`),
      wallSeconds: sum(({ wallSeconds }) => wallSeconds),
      userSeconds: sum(({ userSeconds }) => userSeconds),
      systemSeconds: sum(({ systemSeconds }) => systemSeconds),
    }),
  );
  await rm(dirname(file), { recursive: true });
}

/**
 * At a lower priority, so that lint and types use the time in which tests wait. If it were much lower, lint would end
 * after the tests, and one core would be idle.
 */
async function check(name: 'lint' | 'types'): Promise<Check> {
  const child = spawn('npm', ['run', '--silent', name], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // The programs that npm starts inherit it.
  if (child.pid !== undefined) setPriority(child.pid, NICENESS);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ok = (await statusOf(child)) === 0;
  return { name, ok, output, seconds: secondsSince(begunMs) };
}

function secondsSince(beginMs: number): number {
  return Math.round((performance.now() - beginMs) / 1000);
}

/** Undefined when a signal ended it. */
async function statusOf(child: ChildProcess): Promise<number | undefined> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return undefined;
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? undefined)));
}
