/** Runs the command line as a process of its own, as a user does. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cliProgram } from '../support/cli-program.js';

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Nothing of the user's own settings reaches the command. */
function cleanEnv(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const foreign = /^(?:TEMPORAL_|AWS_|FEDIMG_|NO_COLOR|FORCE_COLOR|CLICOLOR|NODE_V8_COVERAGE)/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const cli = process.env['TEMPORAL_CLI_PATH'];
  return { ...Object.fromEntries(own), ...(cli ? { TEMPORAL_CLI_PATH: cli } : {}), ...env };
}

export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcess {
  return spawn(process.execPath, [...cliProgram(), ...args], {
    env: cleanEnv(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const beginMs = Date.now();
  const child = startCli(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr, ms: Date.now() - beginMs };
}
