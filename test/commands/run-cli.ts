/** Runs the command line: as a process of its own, as a user does, or in this process, which costs a hundredth of that. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { packageVersion } from '../../src/package-version.js';
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

/**
 * For the many command lines that end before they reach a server, and that read no standard input: the same command
 * line without a process of its own. Only one runs at a time.
 */
export async function runHere(
  args: readonly string[],
  { env = {}, cwd = process.cwd() }: Omit<CliOptions, 'input'> = {},
): Promise<Omit<CliResult, 'ms'>> {
  const before = { env: process.env, cwd: process.cwd(), exitCode: process.exitCode };
  const streams = [process.stdout, process.stderr] as const;
  const written = streams.map(() => '');
  const writes = streams.map((stream) => stream.write.bind(stream));
  streams.forEach((stream, index) => {
    stream.write = (chunk: string | Uint8Array) => {
      written[index] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    };
  });
  process.env = cleanEnv(env);
  process.exitCode = undefined;
  process.chdir(cwd);
  try {
    // A command is imported when it is wanted. Here, such an import has instances of all modules of its own.
    const { runCommandLine } = await import('../../src/commands/run-command-line.js');
    const problem = await runCommandLine(args, packageVersion());
    const code = problem ?? Number(process.exitCode ?? 0);
    const [stdout = '', stderr = ''] = written;
    return { code, stdout, stderr };
  } finally {
    streams.forEach((stream, index) => (stream.write = writes[index] as typeof stream.write));
    process.env = before.env;
    process.exitCode = before.exitCode;
    process.chdir(before.cwd);
  }
}
