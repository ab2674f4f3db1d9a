/** `fedimg config show`: the configuration in effect, with its defaults and where each value comes from. */

import { Command } from 'commander';
import type { EffectiveValue } from '../../config/effective.js';
import { effectiveValues } from '../../config/effective.js';
import { loadConfig } from '../../config/load.js';
import { printable } from '../../model/printable.js';
import { finish, withHelp } from '../shared/command-help.js';
import { EXIT, type ExitCode } from '../shared/exit-codes.js';
import { outputFormat, terminalOf } from '../shared/options.js';
import { effectiveToml } from '../view/effective-toml.js';
import { chosenFile, FILE_ARGUMENT } from './chosen-file.js';

interface ShowOptions {
  readonly changed?: boolean;
}

export function showCommand(): Command {
  const command = new Command('show')
    .description('print the configuration in effect, with its defaults')
    .argument(...FILE_ARGUMENT)
    .option('--changed', 'only what differs from the defaults');
  withHelp(command, {
    examples: [
      'fedimg config show',
      'fedimg config show --changed',
      'fedimg config show -o json | jq \'.values[] | select(.from == "environment")\'',
    ],
    notes: `Behind each value stands where it comes from: a line of the file, the default, another key, or a variable of the
environment. Passwords and the address of the webhook are not shown. The settings of Temporal and AWS are not in
this file: \`fedimg doctor\` shows those.`,
  });
  command.action(async (file: string | undefined, options: ShowOptions) =>
    finish(await run(command, file, options)),
  );
  return command;
}

async function run(
  command: Command,
  named: string | undefined,
  { changed }: ShowOptions,
): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json']);
  const terminal = terminalOf(command);
  const loaded = await loadConfig(chosenFile(command, named));
  const all = effectiveValues(loaded, process.env);
  const values = changed === true ? all.filter(isChanged) : all;
  const { file } = loaded;
  if (format === 'json') {
    const rows = values.map(({ key, value, from, line, by }) => ({
      ...{ key, value, from },
      ...{ line: line ?? null, by: by ?? null },
    }));
    terminal.result(JSON.stringify({ file, values: rows }, null, 2));
  } else terminal.result(printable(effectiveToml(file, values, terminal.paint)));
  return EXIT.done;
}

function isChanged({ from }: EffectiveValue): boolean {
  return from === 'set' || from === 'environment';
}
