/** `fedimg demo`: the main job on this machine, from a compose's status message to public AMIs. */

import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { requireTools } from '../local/processes/tools.js';
import { finish, withHelp } from './shared/command-help.js';
import { runDemo } from './shared/demo-run.js';
import type { DemoOptions } from './shared/demo-run.js';
import type { ExitCode } from './shared/exit-codes.js';
import { withLocalRun } from './shared/local-run.js';
import { terminalOf } from './shared/options.js';
import { usageError } from './shared/problem.js';

export function createCommand(): Command {
  const command = new Command('demo')
    .option('--keep-running', 'leave everything running until Ctrl-C, to look at the Temporal UI')
    .option('--keep', 'keep the histories, logs and files afterwards')
    .option('--fail-test', 'show what happens when the test of an AMI fails')
    .option('--test-script <file>', 'test the AMIs with your own script');
  withHelp(command, {
    examples: ['fedimg demo', 'fedimg demo --keep-running', 'fedimg demo --fail-test'],
    notes:
      'Needs bash, curl and xz, but no AWS account. Needs the network only until Temporal is in the cache.',
  });
  command.action(async (options: DemoOptions) => finish(await run(command, options)));
  return command;
}

async function run(command: Command, options: DemoOptions): Promise<ExitCode> {
  const terminal = terminalOf(command);
  await requireTools(['bash', 'curl', 'xz']);
  await requireReadable(options.testScript);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'fedimg-demo-'));
  const afterStop = async (): Promise<void> => {
    if (options.keep === true)
      terminal.note(`Kept: ${directory} (fedimg dev --state ${directory})`);
    else await rm(directory, { recursive: true, force: true });
  };
  return withLocalRun({ terminal, name: 'demo', directory, afterStop }, async ({ processes }) => {
    await mkdir(path.join(directory, 'composes'));
    return runDemo({ terminal, options, directory, processes });
  });
}

async function requireReadable(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  await access(file, constants.R_OK).catch(() => {
    throw usageError(
      `--test-script ${file} cannot be read`,
      'Name a script that exists and is readable.',
    );
  });
}
