/** A folder in which a reader of the pages runs their commands, and the shell. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { cliProgram } from '../support/cli-program.js';
import { TREE } from './shell-blocks.js';

/** The checkout as its reader has it: `ops`, the command for npx, and the programs on the PATH. */
export async function checkout(folder: string, tools: readonly string[]): Promise<string> {
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
  await mkdir(join(folder, 'home/.aws'), { recursive: true });
  await symlink(join(TREE, 'ops'), join(folder, 'ops'));
  await writeFile(join(folder, 'package.json'), '{"name": "checkout", "private": true}\n');
  const fedimg = join(folder, 'node_modules/.bin/fedimg');
  const words = [process.execPath, ...cliProgram()].map((word) => `'${word}'`);
  await writeFile(fedimg, `#!/bin/bash\nexec ${words.join(' ')} "$@"\n`);
  await chmod(fedimg, 0o755);
  return [...tools, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(
    delimiter,
  );
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Ends with the whole group: the page leaves Temporal and a worker behind. */
export async function runShell(
  script: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  const child = spawn('bash', ['-c', script], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  try {
    const [status] = (await once(child, 'exit')) as [number | null];
    return { status, output };
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }
}
