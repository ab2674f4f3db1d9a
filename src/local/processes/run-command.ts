/** One short command, run to its end: bounded in time and output, abortable, never through a shell. */
import { execFile } from 'node:child_process';

export interface CommandOptions {
  timeoutMs: number;
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface CommandOutput {
  stdout: string;
  stderr: string;
}

const outputBytesMax = 4 * 1024 * 1024;

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
 * Runs `command` and returns what it printed. Throws `CommandError` with the last lines of its stderr;
 * an aborted signal ends the command and throws the signal's reason.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandOutput> {
  const { timeoutMs, env, cwd, signal } = options;
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      {
        timeout: timeoutMs,
        maxBuffer: outputBytesMax,
        ...(env === undefined ? {} : { env }),
        ...(cwd === undefined ? {} : { cwd }),
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ stdout, stderr });
        if (signal?.aborted) return reject(abortReason(signal));
        reject(new CommandError(command, reasonOf(error, stderr, timeoutMs), stderr, error));
      },
    );
  });
}

/** The reason of an aborted signal as an Error, whatever was passed to `abort()`. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}

function reasonOf(
  error: Error & { code?: unknown; killed?: boolean; signal?: unknown },
  stderr: string,
  timeoutMs: number,
): string {
  if (error.code === 'ENOENT') return 'not found';
  if (error.code === 'EACCES') return 'not executable';
  if (error.killed === true) return `did not end within ${timeoutMs / 1000} s`;
  const said = lastLines(stderr, 5);
  const how =
    typeof error.code === 'number'
      ? `ended with status ${error.code}`
      : typeof error.signal === 'string'
        ? `was ended by ${error.signal}`
        : error.message;
  return said === '' ? how : `${how}: ${said}`;
}

/** The last `count` lines of a text that are not blank. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}
