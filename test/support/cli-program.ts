/** What node is given to run the command line: the built program if it is fresh, else the sources, which load a second slower. */

import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** Each build sets its time, whichever files it changed. */
const COMPILED = fileURLToPath(new URL('../../dist/.tsbuildinfo', import.meta.url));

/** By absolute paths: tests run the command line in other folders. */
export function cliProgram(): string[] {
  if (isFresh()) return [BUILT];
  return ['--import', createRequire(import.meta.url).resolve('tsx'), join(SOURCES, 'cli.ts')];
}

/** The built program. Throws if it is stale: the sources need twice the memory, and bundle the workflows at their start. */
export function builtProgram(): string[] {
  if (isFresh()) return [BUILT];
  throw new Error('dist/ is older than src/: run `npm run build`, then measure again');
}

let fresh: boolean | undefined;

/** Looked at once a process: no test builds, and hundreds start a program. */
function isFresh(): boolean {
  fresh ??= isBuiltLast();
  return fresh;
}

function isBuiltLast(): boolean {
  const builtMs = modifiedMs(BUILT) === 0 ? 0 : modifiedMs(COMPILED);
  const files = readdirSync(SOURCES, { recursive: true }) as string[];
  return files.every((file) => modifiedMs(join(SOURCES, file)) <= builtMs);
}

/** 0 for a file that does not exist. */
function modifiedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
