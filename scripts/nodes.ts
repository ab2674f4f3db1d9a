/** `npm run nodes`: the demo, the quick tests and the packed package on each supported version of Node. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NODE_VERSIONS, nodeFolder } from './package/node-binary.js';
import { packInto } from './package/pack.js';
import { run } from './package/run.js';
import { tryPackage } from './package/try.js';
import { quickTestFiles } from './test-files.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PARTS = ['demo', 'quick', 'package'] as const;
type Part = (typeof PARTS)[number];

const { values } = parseArgs({
  options: {
    /** Versions of Node; repeatable. */
    node: { type: 'string', multiple: true, default: [...NODE_VERSIONS] },
    /** Parts; repeatable. */
    part: { type: 'string', multiple: true, default: [...PARTS] },
  },
});

const folder = await mkdtemp(path.join(tmpdir(), 'fedimg-nodes-'));
const results: string[] = [];
try {
  const tarball = values.part.includes('package') ? await packInto(folder) : '';
  for (const version of values.node) {
    const bin = await nodeFolder(version);
    for (const part of PARTS.filter((one) => values.part.includes(one))) {
      results.push(await resultOf(version, part, { bin, tarball }));
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`\n${results.join('\n')}`);

interface Given {
  readonly bin: string;
  readonly tarball: string;
}

async function resultOf(version: string, part: Part, given: Given): Promise<string> {
  console.log(`\n== ${part} on Node ${version}`);
  const beganMs = performance.now();
  let outcome = 'ok';
  try {
    await runPart(part, given);
  } catch (error) {
    process.exitCode = 1;
    outcome = `FAILED: ${(error as Error).message.slice(0, 200)}`;
  }
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  return `Node ${version.padEnd(6)} ${part.padEnd(8)} ${outcome} (${seconds} s)`;
}

async function runPart(part: Part, { bin, tarball }: Given): Promise<void> {
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const node = path.join(bin, 'node');
  if (part === 'package') return tryPackage({ tarball, nodeFolder: bin });
  if (part === 'demo') return run(node, ['bin/fedimg.js', 'demo'], { cwd: ROOT, env });
  const mocha = path.join(ROOT, 'node_modules/mocha/bin/mocha.js');
  return run(node, [mocha, ...(await quickTestFiles())], { cwd: ROOT, env });
}
