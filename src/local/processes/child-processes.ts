/** The child processes of a local run: started with a log file each, ended in the opposite order. */
import path from 'node:path';
import type { ChildProcessHandle, ChildSpec, UnexpectedExitError } from './child-process.js';
import { startChildProcess } from './child-process.js';
import type { OrphanGuard } from './orphan-guard.js';
import { startOrphanGuard } from './orphan-guard.js';
import { signalGroup } from './process-group.js';
import { abortReason } from './run-command.js';

export interface ChildProcessesOptions {
  /** Folder of the log files; must exist. */
  logDir: string;
  /** Takes one line for the user, without a line end. */
  log: (line: string) => void;
  /** Called once for each child that ends before it is stopped. */
  onUnexpectedExit?: ((error: UnexpectedExitError) => void) | undefined;
}

export interface ChildProcesses {
  /** Aborted as soon as `stopAll` begins: waits and downloads of a start then end. */
  readonly signal: AbortSignal;
  /** Starts a child; throws once `stopAll` has begun. */
  start(spec: ChildSpec): ChildProcessHandle;
  /** Ends all children, last started first. Safe to repeat: all calls wait for the same end. Never throws. */
  stopAll(reason?: Error): Promise<void>;
}

/**
 * Children are leaders of process groups of their own: Ctrl-C in a terminal reaches only this process,
 * which then ends them in order. The guard ends them when this process exits, crashes or is killed.
 */
export function createChildProcesses(options: ChildProcessesOptions): ChildProcesses {
  const { log } = options;
  const running: ChildProcessHandle[] = [];
  const abort = new AbortController();
  let guard: OrphanGuard | undefined;
  let stopping: Promise<void> | undefined;

  const onExit = (): void => {
    // Only synchronous work runs here: the guard sees the pipe close and follows up with SIGKILL.
    for (const child of [...running].reverse()) signalGroup(child.pid, 'SIGTERM');
  };

  const stopInOrder = async (): Promise<void> => {
    for (const child of [...running].reverse()) {
      await child.stop().catch((error: unknown) => log(`${child.name}: ${String(error)}`));
    }
    process.off('exit', onExit);
    guard?.close();
  };

  const forget = (child: ChildProcessHandle): void => {
    const index = running.indexOf(child);
    if (index >= 0) running.splice(index, 1);
    guard?.remove(child.pid);
  };

  return {
    signal: abort.signal,
    start: (spec) => {
      if (abort.signal.aborted) throw abortReason(abort.signal);
      if (guard === undefined) {
        guard = startOrphanGuard(log);
        process.on('exit', onExit);
      }
      const logFile = path.resolve(options.logDir, `${spec.name}.log`);
      const child = startChildProcess(spec, logFile, (error) => {
        const { onUnexpectedExit } = options;
        // The caller prints the whole message, unless another failure ends it first.
        log(onUnexpectedExit === undefined ? error.message : error.headline);
        onUnexpectedExit?.(error);
      });
      running.push(child);
      guard.add(child.pid);
      void child.ended.then(() => forget(child));
      return child;
    },
    stopAll: (reason) => {
      stopping ??= (() => {
        abort.abort(reason ?? new Error('The child processes are being stopped.'));
        return stopInOrder();
      })();
      return stopping;
    },
  };
}
