/** One command of a script: its output goes through, and its end is what counts. */

import { spawn } from 'node:child_process';

/** A list of test files is long. */
const SHOWN_MAX = 300;

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Rejects with the command when it does not exit with 0. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env = process.env }: RunOptions,
): Promise<void> {
  const shown = [command, ...args].join(' ');
  console.log(`$ ${shown.length > SHOWN_MAX ? `${shown.slice(0, SHOWN_MAX)}...` : shown}`);
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${shown.slice(0, SHOWN_MAX)} exited with ${String(code)}`);
}
