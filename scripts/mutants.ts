/** `npm run mutants`: plants one bug after the other in a copy of the tree, and prints which test of which command caught it. */

import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CATALOGUE } from '../test/mutants/catalogue/index.js';
import type { Mutant } from '../test/mutants/mutant.js';
import { plant } from '../test/mutants/mutant.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COPIED = ['src', 'test', 'scripts', 'bin', 'package.json', 'tsconfig.json', '.mocharc.json'];
const COPIED_TOO = ['docs', 'dist', 'fedimg.sample.toml', 'README.md', 'eslint.config.js'];
/** A bug that hangs is caught by mocha's own bound; this one is for a mocha that hangs itself. */
const MUTANT_MS_MAX = 15 * 60_000;

interface Catch {
  /** Where the test belongs to. */
  readonly command: 'npm test' | 'test:long';
  /** The title of the first test that went red. */
  readonly title: string;
}

interface Verdict {
  readonly mutant: Mutant;
  /** Undefined: the bug survived. */
  readonly caught: Catch | undefined;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    lanes: { type: 'string', default: '2' },
    list: { type: 'boolean', default: false },
  },
});

const chosen = CATALOGUE.filter(({ name, invariant }) =>
  `${invariant} ${name}`.includes(values.only),
);
if (values.list) {
  for (const { name, invariant, file } of chosen) console.log(`${invariant}\t${name}\t${file}`);
  process.exit(0);
}

const verdicts: Verdict[] = [];
const queue = [...chosen];
await Promise.all(Array.from({ length: Number(values.lanes) }, () => lane()));

verdicts.sort((a, b) => CATALOGUE.indexOf(a.mutant) - CATALOGUE.indexOf(b.mutant));
console.log('\n| invariant | planted bug | caught by | test |\n|-|-|-|-|');
for (const { mutant, caught } of verdicts) {
  const { command = '**survived**', title = '' } = caught ?? {};
  console.log(`| ${mutant.invariant} | ${mutant.name} | ${command} | ${title} |`);
}
const survivors = verdicts.filter(({ caught }) => caught === undefined);
console.log(`\n${verdicts.length - survivors.length} of ${verdicts.length} planted bugs caught`);
process.exitCode = survivors.length === 0 ? 0 : 1;

/** Each lane has a tree of its own, so that two bugs never meet. */
async function lane(): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), 'fedimg-mutants-'));
  try {
    for (const name of [...COPIED, ...COPIED_TOO]) {
      await cp(join(ROOT, name), join(tree, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const takeBack = await plant(tree, mutant);
      const beginMs = performance.now();
      const caught = await catching(tree, mutant).finally(takeBack);
      const seconds = Math.round((performance.now() - beginMs) / 1000);
      verdicts.push({ mutant, caught, seconds });
      const by = caught === undefined ? 'SURVIVED' : `${caught.command}: ${caught.title}`;
      console.log(`${mutant.invariant} ${mutant.name}: ${by} (${seconds} s)`);
    }
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

/** The tests of `npm test` first, then those that only `npm run test:long` has. */
async function catching(tree: string, { tests, grep }: Mutant): Promise<Catch | undefined> {
  const quick = tests.filter((file) => !isLong(file));
  const title = quick.length === 0 ? undefined : await firstRed(tree, { tests: quick, grep });
  if (title !== undefined) return { command: 'npm test', title };
  const long = tests.filter((file) => isLong(file) || file.startsWith('test/matrix/'));
  if (long.length === 0) return undefined;
  const env = { ...process.env, FEDIMG_MATRIX: 'cells' };
  const longTitle = await firstRed(tree, { tests: long, grep, env });
  return longTitle === undefined ? undefined : { command: 'test:long', title: longTitle };
}

function isLong(file: string): boolean {
  return file.endsWith('.long.test.ts');
}

interface Selection {
  readonly tests: readonly string[];
  readonly grep: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

async function firstRed(
  tree: string,
  { tests, grep, env }: Selection,
): Promise<string | undefined> {
  const args = [join('node_modules', 'mocha', 'bin', 'mocha.js'), '--bail', ...tests];
  if (grep !== undefined) args.push('--grep', grep);
  const child = spawn(process.execPath, args, {
    cwd: tree,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MUTANT_MS_MAX,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code === 0) return undefined;
  // The titles around the test stand above its own, each on a line; a colon ends the last.
  const failing = /^ {2}1\) ([^]+?):\n/m.exec(output);
  if (failing?.[1] !== undefined) return failing[1].split(/\n\s*/).join(': ');
  // A tree that does not even run proves nothing of its tests.
  console.error(`${output.slice(-2000)}\n(status ${String(code)}, no test went red)`);
  return undefined;
}
