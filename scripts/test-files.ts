/** The test files of `npm test`, in the order in which they are best begun. */

import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * A file that takes a minute and begins last would run alone at the end. `npm test -- --times` measures them; a folder
 * stands for its other files.
 */
const LONGEST_FIRST = [
  'test/incidents/swept.test.ts',
  'test/matrix/matrix.test.ts',
  'test/incidents/broker.test.ts',
  'test/incidents/whole-compose.test.ts',
  'test/policies/publication.test.ts',
  'test/dashboard/browser-acts.test.ts',
  'test/dashboard/browser.test.ts',
  'test/incidents/stopped-worker.test.ts',
  'test/docs/getting-started.test.ts',
  'test/incidents/direct-write.test.ts',
  'test/guest/write-image.test.ts',
  'test/local/temporal/server.test.ts',
  'test/commands/amis.test.ts',
  'test/incidents/',
  'test/properties/',
  'test/activities/',
  'test/commands/',
  'test/workflows/',
  'test/telemetry/',
  'test/worker/',
  'test/client/',
  'test/local/',
  'test/messaging/',
  'test/simulator/machine/',
  'test/matrix/',
];

/** Paths below the root. Files named `*.long.test.ts` belong to `npm run test:long`. */
export async function testFiles(): Promise<string[]> {
  const names = await readdir(`${ROOT}/test`, { recursive: true });
  return names
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.long.test.ts'))
    .map((name) => `test/${name}`)
    .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other));
}

/**
 * Cheap folders that together load every part of fedimg: `npm run test:quick`, and `npm run nodes` on each version of Node.
 * `replay` runs the workflows on their recorded histories, `contract` the local cloud over HTTP.
 */
const QUICK = [
  ...['test/aws/', 'test/commands/shared/', 'test/commands/view/', 'test/config/', 'test/docs/'],
  ...['test/fetch/', 'test/model/', 'test/notify/', 'test/ops/', 'test/package/', 'test/replay/'],
  ...['test/simulator/contract/', 'test/simulator/http/'],
];

export async function quickTestFiles(): Promise<string[]> {
  const files = await testFiles();
  return files.filter((file) => QUICK.some((folder) => file.startsWith(folder)));
}

function rank(file: string): number {
  const own = LONGEST_FIRST.indexOf(file);
  if (own >= 0) return own;
  const at = LONGEST_FIRST.findIndex((start) => file.startsWith(start));
  return at < 0 ? LONGEST_FIRST.length : at;
}
