/** `npm run test:long`: all that is only worth running now and then, one after the other; hours in all. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Scripts of package.json, each of which can be run alone. */
const PARTS = [
  'matrix:cells',
  'matrix:full',
  'chaos:sample',
  'chaos:kill-points',
  'test-broker',
  'corrupt',
  'coldsnap',
  'fuzz:long',
  'mutants',
] as const;

const results: string[] = [];
for (const part of PARTS) {
  const beganMs = performance.now();
  console.log(`\n== npm run ${part}`);
  const ok = await succeeds(part);
  const minutes = ((performance.now() - beganMs) / 60_000).toFixed(1);
  results.push(`${part}: ${ok ? 'ok' : 'FAILED'} (${minutes} min)`);
  if (!ok) process.exitCode = 1;
}
console.log(`\n${results.join('\n')}`);

async function succeeds(part: string): Promise<boolean> {
  const child = spawn('npm', ['run', '--silent', part], { cwd: ROOT, stdio: 'inherit' });
  return new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
}
