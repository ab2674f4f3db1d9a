/** `--wait` and `--watch` of all commands that start or show a publication. */

import type { Command } from 'commander';
import type { RunRef, Session } from '../../client/session.js';
import type { PublicationStatus } from '../../client/status.js';
import { approveCommand, watchCommand } from './again.js';
import { EXIT, exitCodeOf, exitCodeOfStatus, type ExitCode } from './exit-codes.js';
import { parseTimeout } from './options.js';
import { usageError } from './problem.js';
import { createProgressDisplay, noDisplay } from '../view/progress-display.js';
import type { Terminal } from '../view/terminal.js';
import { detachable, watchPublication } from './watch.js';

export interface FollowOptions {
  readonly wait?: boolean;
  readonly watch?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
}

export function addFollowOptions(command: Command): Command {
  return command
    .option('--wait', 'wait for the end, or for an approval; the exit code is the outcome')
    .option('--watch', 'wait for the end and show progress; Ctrl-C only stops watching')
    .option('--timeout <time>', 'stop waiting after 90s, 30m or 2h, with exit code 8', parseTimeout)
    .hook('preAction', (_program, acting) => refuseLoneTimeout(acting.opts<FollowOptions>()));
}

/** A script that gives only a time-out means to wait, and would take the start for the end. */
function refuseLoneTimeout({ wait, watch, timeout }: FollowOptions): void {
  if (timeout === undefined || wait === true || watch === true) return;
  throw usageError('--timeout needs --wait or --watch', 'Add one of them.');
}

export interface Followed {
  readonly status: PublicationStatus;
  readonly exitCode: ExitCode;
}

/** Waits for the end. After a timeout or Ctrl-C the publication goes on, and a note says how to resume. */
export async function follow(
  session: Session,
  run: RunRef & { readonly kind: 'compose' | 'image' },
  options: FollowOptions & {
    readonly terminal: Terminal;
    readonly onChange?: (status: PublicationStatus) => void;
  },
): Promise<Followed> {
  const { terminal } = options;
  const resume = watchCommand(run);
  const hint = `Ctrl-C only stops watching; to resume: ${resume}`;
  const display = options.watch === true ? createProgressDisplay(terminal, hint) : noDisplay;
  const { status, end } = await detachable((signal) =>
    watchPublication(session, run, {
      display,
      timeoutMs: options.timeout,
      signal,
      onChange: options.onChange,
      // A script cannot approve; a person who watches can, and goes on watching.
      untilHeld: options.watch !== true,
    }),
  );
  if (end === 'closed') return { status, exitCode: exitCodeOf(status.outcome) };
  if (end === 'held') {
    terminal.note(`It waits for approval: ${approveCommand(run)}`);
    return { status, exitCode: EXIT.waitingForApproval };
  }
  const why = end === 'detached' ? 'Stopped watching' : 'Still running at --timeout';
  terminal.note(`${why}. The publication goes on; to resume: ${resume}`);
  return { status, exitCode: end === 'detached' ? EXIT.interrupted : exitCodeOfStatus(status) };
}
