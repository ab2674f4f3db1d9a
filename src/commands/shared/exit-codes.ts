/** The exit codes of all commands: one list for the code, the help and README. */

import type { Outcome, PublicationStatus } from '../../client/status.js';
import { waitsForApproval } from '../../client/waits-for-approval.js';
import { formatColumns } from '../view/format.js';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  partlyPublished: 3,
  credentials: 4,
  unreachable: 5,
  notFound: 6,
  stillRunning: 8,
  waitingForApproval: 9,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The meaning of each code; README has the same words, up to a semicolon. */
export const EXIT_MEANING: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done; also when a repeat changed nothing',
  failed: 'failed',
  usage: 'usage or configuration',
  partlyPublished: 'partly published',
  credentials: 'credentials',
  unreachable: 'unreachable; Temporal or EC2',
  notFound: 'not found',
  stillRunning: 'still running',
  waitingForApproval: 'waiting for approval',
  interrupted: 'interrupted',
};

/** For the end of a command's help: two codes in a line. */
export const EXIT_CODES_HELP = ['Exit codes:', ...exitCodeLines()].join('\n');

function exitCodeLines(): string[] {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  const cells = names.map((name) => `${EXIT[name]}  ${EXIT_MEANING[name]}`);
  const rows = cells.flatMap((cell, index) =>
    index % 2 === 0 ? [['', cell, '', cells[index + 1] ?? '']] : [],
  );
  return formatColumns(rows);
}

/** The exit code of a command that shows this status: 9 when all that is under way waits for its approval. */
export function exitCodeOfStatus(status: PublicationStatus): ExitCode {
  if (status.outcome !== 'running') return exitCodeOf(status.outcome);
  return waitsForApproval(status) ? EXIT.waitingForApproval : EXIT.stillRunning;
}

/** The exit code of a command that has waited for this outcome. */
export function exitCodeOf(outcome: Outcome): ExitCode {
  switch (outcome) {
    case 'published':
    case 'already-published':
    case 'ended':
      return EXIT.done;
    case 'partly-published':
      return EXIT.partlyPublished;
    case 'running':
      return EXIT.stillRunning;
    case 'failed':
    case 'cancelled':
    case 'terminated':
      return EXIT.failed;
  }
}
