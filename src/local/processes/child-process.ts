/** One child process with its own process group and log file: readiness, end, and last lines. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readableLog, tailOfLog } from './log-tail.js';
import { signalGroup, waitForGroupEnd } from './process-group.js';
import { abortReason } from './run-command.js';

export interface ChildSpec {
  /** Names the log file and the messages: `worker`. */
  name: string;
  command: string;
  args?: readonly string[] | undefined;
  /** The whole environment of the child; default: this process's own. */
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  /** Default: `<name>.log` in the folder of the logs. Emptied at start. */
  logFile?: string | undefined;
  /** From SIGTERM to SIGKILL; default 10 s, enough for a worker to hand back its tasks. */
  stopTimeoutMs?: number | undefined;
}

export interface ReadyOptions {
  timeoutMs: number;
  intervalMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface ChildProcessHandle {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when all processes of the group have ended; never rejects. */
  readonly ended: Promise<void>;
  isRunning(): boolean;
  /**
   * Resolves when `isReady` returns true. Throws when the child ends first or the time is over, with the
   * child's last lines. An error of `isReady` counts as "not yet"; the last one is reported at the end.
   */
  waitUntilReady(isReady: () => Promise<boolean>, options: ReadyOptions): Promise<void>;
  /** SIGTERM to the whole group, SIGKILL after the bound, and waits for the end. Safe to repeat. */
  stop(): Promise<void>;
  lastLogLines(count: number): string;
}

/** A child that ended before it was stopped. */
export class UnexpectedExitError extends Error {
  readonly child: string;
  /** The message in one line, without the child's last lines. */
  readonly headline: string;

  constructor(child: string, how: string, logFile: string, logLines: string) {
    const output = logLines === '' ? 'It printed no output.' : `Its last lines:\n${logLines}`;
    super(`${child} ended unexpectedly (${how}). ${output}\nAll of its output: ${logFile}`);
    this.name = 'UnexpectedExitError';
    this.child = child;
    this.headline = `${child} ended unexpectedly (${how}); all of its output: ${logFile}`;
  }
}

const reportedLines = 15;
const killWaitMs = 10_000;

/**
 * Starts the child. Calls `onUnexpectedExit` when the child ends before it is stopped, unless
 * `waitUntilReady` is under way: that call throws the error itself.
 */
export function startChildProcess(
  spec: ChildSpec,
  defaultLogFile: string,
  onUnexpectedExit: (error: UnexpectedExitError) => void,
): ChildProcessHandle {
  const logFile = spec.logFile ?? defaultLogFile;
  const output = openSync(logFile, 'w', 0o600);
  // By spawn and not by execa: execa ends a process but not its group, and writes no log file directly.
  const child = spawn(spec.command, spec.args ?? [], {
    // A log file rather than a pipe: the child never blocks on us, and its last lines are kept.
    stdio: ['ignore', output, output],
    detached: true,
    env: spec.env ?? process.env,
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
  });
  closeSync(output);
  const { pid } = child;
  child.on('error', () => undefined);
  if (pid === undefined) {
    throw new Error(
      `${spec.name}: ${spec.command} cannot be started. Check that it exists and is executable.`,
    );
  }

  let waiters = 0;
  let exitedAs: string | undefined;
  const exited = new AbortController();
  let groupEnd: Promise<void> | undefined;
  const endGroup = (): Promise<void> =>
    (groupEnd ??= endProcessGroup(pid, spec.stopTimeoutMs ?? 10_000));
  const lastLogLines = (count: number): string => tailOfLog(logFile, count);
  const readableLastLines = (): string => readableLog(lastLogLines(reportedLines));
  const exitError = (): UnexpectedExitError =>
    new UnexpectedExitError(spec.name, exitedAs ?? 'gone', logFile, readableLastLines());

  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      exitedAs = signal ?? `status ${code}`;
      exited.abort();
      if (groupEnd === undefined && waiters === 0) onUnexpectedExit(exitError());
      void endGroup().finally(resolve);
    });
  });

  const waitUntilReady = async (
    isReady: () => Promise<boolean>,
    ready: ReadyOptions,
  ): Promise<void> => {
    waiters += 1;
    try {
      const failure = await pollReadiness(isReady, ready, exited.signal);
      if (exitedAs !== undefined) throw exitError();
      if (failure !== undefined) {
        throw new Error(
          `${spec.name} was not ready after ${ready.timeoutMs / 1000} s.${failure}\n` +
            `Its last lines:\n${readableLastLines()}\nAll of its output: ${logFile}`,
        );
      }
    } finally {
      waiters -= 1;
    }
  };
  const stop = async (): Promise<void> => {
    await endGroup();
    // A process that outlives SIGKILL is stuck in the kernel: stop waiting for it.
    await Promise.race([ended, sleep(killWaitMs, undefined, { ref: false })]);
  };
  const isRunning = (): boolean => exitedAs === undefined;
  return { name: spec.name, pid, logFile, ended, isRunning, waitUntilReady, stop, lastLogLines };
}

/**
 * Undefined when ready or ended, else the last error of `isReady`. Throws the reason of an aborted signal.
 * The end of the child, the abort and the time limit also interrupt an `isReady` that does not return.
 */
async function pollReadiness(
  isReady: () => Promise<boolean>,
  { timeoutMs, intervalMs = 50, signal }: ReadyOptions,
  exited: AbortSignal,
): Promise<string | undefined> {
  const overdue = AbortSignal.timeout(timeoutMs);
  const cut = AbortSignal.any([overdue, exited, ...(signal === undefined ? [] : [signal])]);
  const isCut = new Promise<false>((resolve) => {
    if (cut.aborted) resolve(false);
    cut.addEventListener('abort', () => resolve(false), { once: true });
  });
  let lastError = '';
  for (;;) {
    if (signal?.aborted) throw abortReason(signal);
    if (exited.aborted) return undefined;
    if (overdue.aborted) return lastError;
    const answer = isReady().catch((error: unknown) => {
      lastError = ` Last error: ${error instanceof Error ? error.message : String(error)}`;
      return false;
    });
    if (await Promise.race([answer, isCut])) return undefined;
    await Promise.race([sleep(intervalMs), isCut]);
  }
}

async function endProcessGroup(pgid: number, timeoutMs: number): Promise<void> {
  if (!signalGroup(pgid, 'SIGTERM')) return;
  if (await waitForGroupEnd(pgid, timeoutMs)) return;
  signalGroup(pgid, 'SIGKILL');
  await waitForGroupEnd(pgid, killWaitMs);
}
