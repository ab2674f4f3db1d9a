/** `fedimg config check`: whether the configuration can be used; it asks neither Temporal nor AWS. */

import { Command } from 'commander';
import type { LoadedConfig } from '../../config/load.js';
import { loadConfig } from '../../config/load.js';
import type { ConfigProblem } from '../../config/problems.js';
import { printable } from '../../model/printable.js';
import { finish, withHelp } from '../shared/command-help.js';
import { EXIT, type ExitCode } from '../shared/exit-codes.js';
import { outputFormat, terminalOf } from '../shared/options.js';
import { chosenFile, FILE_ARGUMENT } from './chosen-file.js';

/** What `-o json` prints, valid or not. */
interface Checked {
  readonly file: string | null;
  readonly valid: boolean;
  readonly problems: readonly ConfigProblem[];
}

export function checkCommand(): Command {
  const command = new Command('check')
    .description('check the configuration without Temporal and AWS')
    .argument(...FILE_ARGUMENT);
  withHelp(command, {
    examples: [
      'fedimg config check',
      'fedimg config check /etc/fedimg.toml',
      'fedimg config check -o json | jq -r \'.problems[] | "\\(.line): \\(.key) \\(.message)"\'',
    ],
    notes: `Reports every mistake with its line, also a test script or a certificate that does not exist, and exits with 2.
\`fedimg doctor\` also asks Temporal, AWS and the broker whether the settings fit.`,
  });
  command.action(async (file: string | undefined) => finish(await run(command, file)));
  return command;
}

async function run(command: Command, named: string | undefined): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json']);
  const terminal = terminalOf(command);
  const print = (checked: Checked) => terminal.result(JSON.stringify(checked, null, 2));
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig(chosenFile(command, named));
  } catch (error) {
    if (format !== 'json' || !(error instanceof Error) || error.name !== 'ConfigError') throw error;
    const { problems } = error as Error & { readonly problems: readonly ConfigProblem[] };
    print({ file: problems[0]?.file ?? null, valid: false, problems });
    return EXIT.usage;
  }
  if (format === 'json') print({ file: loaded.file, valid: true, problems: [] });
  else terminal.result(printable(summary(loaded)));
  return EXIT.done;
}

function summary({ file, config }: LoadedConfig): string {
  const { deployment, amis, publish, test } = config;
  const regions =
    publish.regions === 'all' ? 'all enabled regions' : `${publish.regions.length} regions`;
  return [
    `${file} is valid.`,
    `  deployment ${deployment}, home region ${amis[0].region}, AMIs in ${regions}, ${publish.public ? 'public' : 'private'}`,
    `  test ${test.script}, of ${test.variants.join(', ') || 'no variant'}`,
  ].join('\n');
}
