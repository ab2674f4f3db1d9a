/** `fedimg skip`: leaves a region out of an image that is under way. */

import { Command } from 'commander';
import { actOnImages } from '../client/operator.js';
import { finish, withHelp } from './shared/command-help.js';
import { ID_HELP, printActed } from './shared/operator-command.js';
import type { OperatorOptions } from './shared/operator-options.js';
import { addOperatorOptions, operatorOf } from './shared/operator-options.js';
import { collectRegion, configSource, outputFormat, terminalOf } from './shared/options.js';
import { withSession } from './shared/with-session.js';

interface SkipOptions extends OperatorOptions {
  readonly region: readonly string[];
}

export function createCommand(): Command {
  const command = new Command('skip')
    .argument('<id>', ID_HELP)
    .requiredOption('--region <region>', 'the region to leave out; may be repeated', collectRegion);
  addOperatorOptions(command);
  withHelp(command, {
    examples: [
      'fedimg skip Fedora-Cloud-43-20251021.0 --region ap-east-1 --reason "EC2 is down there"',
    ],
    notes:
      'The other regions go on. `fedimg retry ID --region REGION` publishes the region after all. The home region and publish.required_regions cannot be skipped.',
  });
  command.action(async (id: string, { region: regions, ...options }: SkipOptions) => {
    const format = outputFormat(command, ['table', 'json', 'jsonl']);
    const terminal = terminalOf(command);
    const input = { ...operatorOf(options), regions };
    const exitCode = await withSession(configSource(command), async ({ session }) => {
      const acted = await actOnImages(session, id, 'skip', input);
      const names = regions.join(', ');
      const words = { changed: `${names} is skipped`, unchanged: `${names} was already left out` };
      return printActed(terminal, format, acted, words);
    });
    finish(exitCode);
  });
  return command;
}
