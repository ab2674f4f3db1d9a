/** Exit codes of all commands, and which outcome of a publication is which. */

import type { Outcome } from '../../client/status.js';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  partlyPublished: 3,
  credentials: 4,
  unreachable: 5,
  notFound: 6,
  stillRunning: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For the end of a command's help. */
export const EXIT_CODES_HELP = [
  'Exit codes:',
  '  0  done; also when a repeat had nothing to do     1  failed',
  '  2  usage or configuration                         3  partly published',
  '  4  credentials                                    5  Temporal or EC2 is unreachable',
  '  6  not found                                      8  still running',
  '  130  interrupted',
].join('\n');

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
