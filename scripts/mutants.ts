/** `npm run mutants`: plants one bug after the other in a copy of the tree, and says which test caught it. */

import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CATALOGUE } from '../test/mutants/catalogue.js';
import type { Mutant } from '../test/mutants/mutant.js';
import { plant } from '../test/mutants/mutant.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COPIED = ['src', 'test', 'scripts', 'bin', 'package.json', 'tsconfig.json', '.mocharc.json'];
const COPIED_TOO = ['docs', 'dist', 'fedimg.sample.toml', 'README.md', 'eslint.config.js'];
/** A bug that hangs is caught by mocha's own bound; this one is for a mocha that hangs itself. */
const MUTANT_MS_MAX = 15 * 60_000;

interface Verdict {
  readonly mutant: Mutant;
  /** The title of the first test that went red; undefined: it survived. */
  readonly caughtBy: string | undefined;
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
console.log('\n| invariant | planted bug | caught by |\n|-|-|-|');
for (const { mutant, caughtBy } of verdicts) {
  console.log(`| ${mutant.invariant} | ${mutant.name} | ${caughtBy ?? '**survived**'} |`);
}
const survivors = verdicts.filter(({ caughtBy }) => caughtBy === undefined);
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
      const caughtBy = await firstRed(tree, mutant).finally(takeBack);
      const seconds = Math.round((performance.now() - beginMs) / 1000);
      verdicts.push({ mutant, caughtBy, seconds });
      console.log(`${mutant.invariant} ${mutant.name}: ${caughtBy ?? 'SURVIVED'} (${seconds} s)`);
    }
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function firstRed(tree: string, { tests, grep }: Mutant): Promise<string | undefined> {
  const args = [join('node_modules', 'mocha', 'bin', 'mocha.js'), '--bail', ...tests];
  if (grep !== undefined) args.push('--grep', grep);
  const child = spawn(process.execPath, args, {
    cwd: tree,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MUTANT_MS_MAX,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code === 0) return undefined;
  const failing = /^ {2}1\) (.+)\n\s+(.+):$/m.exec(output);
  if (failing !== null) return `${failing[1]}: ${failing[2]}`;
  // A tree that does not even run proves nothing of its tests.
  console.error(`${output.slice(-2000)}\n(status ${String(code)}, no test went red)`);
  return undefined;
}
