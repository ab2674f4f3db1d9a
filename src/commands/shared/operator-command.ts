/** A command that acts on all images of a publication that are under way. */

import { Command } from 'commander';
import type { Acted, OperatorUpdate } from '../../client/operator.js';
import { actOnImages } from '../../client/operator.js';
import type { Terminal } from '../view/terminal.js';
import { idOf, watchCommand } from './again.js';
import { finish, withHelp } from './command-help.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { OperatorOptions } from './operator-options.js';
import { addOperatorOptions, operatorOf } from './operator-options.js';
import { configSource, outputFormat, terminalOf } from './options.js';
import { withSession } from './with-session.js';

export interface OperatorCommand {
  readonly name: OperatorUpdate;
  readonly examples: readonly string[];
  readonly notes: string;
  /** What the act did, and that it was done already. */
  readonly words: { readonly changed: string; readonly unchanged: string };
}

export const ID_HELP = 'a compose with all its images, an image, or @latest';

export function operatorCommand({ name, examples, notes, words }: OperatorCommand): Command {
  const command = addOperatorOptions(new Command(name).argument('<id>', ID_HELP));
  withHelp(command, { examples, notes });
  command.action(async (id: string, options: OperatorOptions) => {
    const format = outputFormat(command, ['table', 'json', 'jsonl']);
    const terminal = terminalOf(command);
    const operator = operatorOf(options);
    const exitCode = await withSession(configSource(command), async ({ session }) => {
      const acted = await actOnImages(session, id, name, operator);
      return printActed(terminal, format, acted, words);
    });
    finish(exitCode);
  });
  return command;
}

export function printActed(
  terminal: Terminal,
  format: 'table' | 'json' | 'jsonl',
  acted: Acted,
  words: OperatorCommand['words'],
): ExitCode {
  for (const { workflowId, changed, refusal } of acted.images) {
    const done = changed ? words.changed : `${words.unchanged}, no change`;
    terminal.note(`${workflowId}: ${refusal ?? done}`);
  }
  terminal.note(`Watch it: ${watchCommand(acted.publication)}`);
  if (format === 'table') terminal.result(idOf(acted.publication));
  else terminal.result(JSON.stringify(acted, null, format === 'json' ? 2 : 0));
  return EXIT.done;
}
