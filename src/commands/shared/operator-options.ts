/** Who acts and why: the options of the commands that act on a publication. */

import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import type { OperatorInput } from '../../client/operator-input.js';
import { usageError } from './problem.js';

export interface OperatorOptions {
  readonly by?: string;
  readonly reason?: string;
}

/** Both are kept in the history of each image. */
const CHARS_MAX = 200;

export function addOperatorOptions(command: Command): Command {
  return command
    .option('--by <who>', 'who acts (default: user@host)')
    .option('--reason <why>', 'why; the record of the run keeps it');
}

/** Throws a usage error for texts that a record cannot show. */
export function operatorOf({ by, reason }: OperatorOptions): OperatorInput {
  const who = by ?? `${userInfo().username}@${hostname()}`;
  refuseText('--by', who);
  if (reason !== undefined) refuseText('--reason', reason);
  return { by: who, ...(reason === undefined ? {} : { reason }) };
}

function refuseText(option: string, text: string): void {
  if (text.trim() !== '' && text.length <= CHARS_MAX && !/\p{C}/u.test(text)) return;
  throw usageError(
    `${option} is empty, longer than ${CHARS_MAX} characters, or has control characters`,
    'Give a short text on one line.',
  );
}
