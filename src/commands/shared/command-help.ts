/** The end of every command's help, and how a command sets its exit code. */

import type { Command } from 'commander';
import { EXIT_CODES_HELP, type ExitCode } from './exit-codes.js';

export interface CommandHelp {
  readonly examples: readonly string[];
  readonly notes?: string;
}

const HELPS = new WeakMap<Command, CommandHelp>();

/** What `withHelp` put behind the command's options; undefined for a command without. */
export function helpOf(command: Command): CommandHelp | undefined {
  return HELPS.get(command);
}

export function withHelp(command: Command, help: CommandHelp): Command {
  const { examples, notes } = help;
  HELPS.set(command, help);
  const parts = [
    `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}`,
    ...(notes === undefined ? [] : [notes]),
    EXIT_CODES_HELP,
  ];
  return command.addHelpText('after', `\n${parts.join('\n\n')}`);
}

/** Sets the code with which the process exits after its output. */
export function finish(exitCode: ExitCode): void {
  process.exitCode = exitCode;
}
