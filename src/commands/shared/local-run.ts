/** What `demo` and `dev` share: a locked state folder, and child processes that end together with it. */

import type { ChildProcesses } from '../../local/processes/child-processes.js';
import { createChildProcesses } from '../../local/processes/child-processes.js';
import { stopOnInterrupt } from '../../local/processes/interrupt.js';
import { openStateDir } from '../../local/state-dir.js';
import type { Terminal } from '../view/terminal.js';
import { EXIT } from './exit-codes.js';
import { CommandError } from './problem.js';

export interface LocalRun {
  readonly stateDir: string;
  readonly processes: ChildProcesses;
  /** Rejects when a child process ends before it is stopped. */
  readonly unexpectedEnd: Promise<never>;
}

export interface LocalRunOptions {
  readonly terminal: Terminal;
  readonly name: 'demo' | 'dev';
  /** Default: the folder of that name in the user's state folder. */
  readonly directory?: string | undefined;
  /** Called with the state folder before the processes are stopped. */
  readonly beforeStop?: (stateDir: string) => Promise<void>;
  /** What the user does next when a child process ended by itself, given the state folder. */
  readonly afterUnexpectedEnd?: (stateDir: string) => string;
  /** Called when everything is stopped and the state folder is unlocked. */
  readonly afterStop?: () => Promise<void>;
}

/**
 * Runs `body`, then stops everything. Ctrl-C stops everything and exits; a child process that ends
 * unexpectedly stops everything and throws.
 */
export async function withLocalRun<T>(
  { terminal, name, directory, beforeStop, afterUnexpectedEnd, afterStop }: LocalRunOptions,
  body: (run: LocalRun) => Promise<T>,
): Promise<T> {
  const state = await openStateDir({ name, directory });
  let onUnexpectedExit: (error: Error) => void = () => undefined;
  const unexpectedEnd = new Promise<never>((_, reject) => {
    onUnexpectedExit = (error) => {
      const next = afterUnexpectedEnd?.(state.path);
      const problem = { what: error.message, next, exitCode: EXIT.failed };
      reject(new CommandError(problem, { cause: error }));
    };
  });
  // A child may end before or after `body` waits for this.
  unexpectedEnd.catch(() => undefined);
  const processes = createChildProcesses({
    logDir: state.logsPath,
    log: terminal.note,
    onUnexpectedExit,
  });
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> =>
    (ending ??= (async () => {
      await beforeStop?.(state.path);
      await processes.stopAll();
      await state.release();
      await afterStop?.();
    })());
  const restore = stopOnInterrupt({ stop: end, log: terminal.note });
  try {
    const run = { stateDir: state.path, processes, unexpectedEnd };
    return await Promise.race([body(run), unexpectedEnd]);
  } finally {
    await end();
    restore();
  }
}
