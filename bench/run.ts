/** `npm run bench -- NAME…`: runs benchmarks, prints a table, and writes the same as JSON where `--json FILE` says. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { installRuntime } from '../src/worker/runtime.js';
import { closeSuite, openSuite } from '../test/support/suite.js';
import { leaveTestTemporal } from '../test/support/temporal.js';
import type { Bench, Result } from './row.js';
import { table } from './row.js';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Where the rows are written, as JSON. */
    json: { type: 'string' },
  },
});

const names = await benchNames();
const unknown = positionals.filter((name) => !names.includes(name));
if (positionals.length === 0 || unknown.length > 0) {
  const problem = unknown.length === 0 ? 'Name a benchmark' : `${unknown.join(', ')}: not known`;
  console.error(`${problem}. Benchmarks: ${names.join(', ')}.`);
  console.error('npm run bench -- NAME… [--json FILE]');
  process.exit(2);
}

const level = process.env['FEDIMG_TEST_LOG'] ?? 'silent';
installRuntime(pino({ level }, pino.destination(2)));
await openSuite();
const results: Record<string, Result> = {};
try {
  for (const name of positionals) {
    const beganMs = performance.now();
    const module = (await import(`./${name}.ts`)) as { readonly default: Bench };
    const result = await module.default();
    results[name] = result;
    const seconds = ((performance.now() - beganMs) / 1_000).toFixed(0);
    console.log(`${name}: ${seconds} s, ${cpus().length} cores, Node ${process.version}\n`);
    console.log(`${table(result.rows)}\n`);
  }
  if (values.json !== undefined) {
    const at = new Date().toISOString();
    const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version };
    await writeFile(values.json, `${JSON.stringify({ at, machine, results }, null, 2)}\n`);
  }
} finally {
  await leaveTestTemporal();
  await closeSuite();
}
process.exit(0);

/** The modules of this folder that have a default export. */
async function benchNames(): Promise<string[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.ts')).sort();
  const names: string[] = [];
  for (const file of files) {
    const text = await readFile(FOLDER + file, 'utf8');
    if (/^export default/m.test(text)) names.push(file.replace(/\.ts$/, ''));
  }
  return names;
}
