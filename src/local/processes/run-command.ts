/** One short command, run to its end: bounded in time and output, abortable, never through a shell. */
import { execa, ExecaError } from 'execa';

export interface CommandOptions {
  timeoutMs: number;
  /** The whole environment of the command; default: the environment of this process. */
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface CommandOutput {
  stdout: string;
  stderr: string;
}

const outputCharsMax = 4 * 1024 * 1024;

/** A command that could not be started, did not end in time, or ended with another status than 0. */
export class CommandError extends Error {
  readonly command: string;
  readonly stderr: string;

  constructor(command: string, reason: string, stderr: string, cause: unknown) {
    super(`${command}: ${reason}`, { cause });
    this.name = 'CommandError';
    this.command = command;
    this.stderr = stderr;
  }
}

/**
 * Runs `command` and returns its output. Throws `CommandError` with the last lines of its stderr.
 * An aborted signal ends the command and throws the signal's reason.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { timeoutMs, env, cwd, signal }: CommandOptions,
): Promise<CommandOutput> {
  const child = execa(command, args, {
    stdin: 'ignore',
    stripFinalNewline: false,
    maxBuffer: outputCharsMax,
    timeout: timeoutMs,
    ...(env === undefined ? {} : { env, extendEnv: false }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  child.once('exit', () => {
    if (!child.killed) return;
    // A child of the command may hold the pipes open: do not wait for it after a time-out or an abort.
    child.stdout.destroy();
    child.stderr.destroy();
  });
  try {
    const { stdout, stderr } = await child;
    return { stdout, stderr };
  } catch (error) {
    if (signal?.aborted) throw abortReason(signal);
    if (!(error instanceof ExecaError)) throw error;
    const stderr = typeof error.stderr === 'string' ? error.stderr : '';
    throw new CommandError(
      command,
      reasonOf(error as ExecaError, stderr, timeoutMs),
      stderr,
      error,
    );
  }
}

/** The reason of an aborted signal as an Error, also when `abort()` got another value. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}

function reasonOf(
  { code, timedOut, exitCode, signal, originalMessage }: ExecaError,
  stderr: string,
  timeoutMs: number,
): string {
  if (code === 'ENOENT') return 'not found';
  if (code === 'EACCES') return 'not executable';
  if (timedOut) return `did not end within ${timeoutMs / 1000} s`;
  const how =
    exitCode !== undefined
      ? `ended with status ${exitCode}`
      : signal !== undefined
        ? `was ended by ${signal}`
        : originalMessage;
  const lastOutput = lastLines(stderr, 5);
  return lastOutput === '' ? how : `${how}: ${lastOutput}`;
}

/** The last `count` lines of a text that are not blank. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}
