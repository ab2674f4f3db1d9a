/** `fedimg doctor`: whether everything is in order before an image is published. */

import { Command } from 'commander';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { globalOptions, outputFormat, terminalOf } from './shared/options.js';
import { runDoctor } from './shared/run-doctor.js';
import { checkCountLine, checkLines } from './view/check-view.js';

export function createCommand(): Command {
  const command = new Command('doctor');
  withHelp(command, {
    examples: ['fedimg doctor', 'fedimg doctor -o json | jq \'.[] | select(.state != "ok")\''],
    notes: `Checks the configuration, the tools, Temporal (server, namespace, search attributes, sweep schedule, worker), AWS
(credentials, regions, each permission by dry run, instance types, network, public access, encryption, quotas, PV
kernels) and the broker. It changes nothing. Below a warning or a failure is the command that mends it.
A required region without room or with public access blocked is a failure, any other region is a warning.
Exits with 1 when a check has failed.`,
  });
  command.action(async () => finish(await run(command)));
  return command;
}

async function run(command: Command): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const { config } = globalOptions(command);
  const checks = await runDoctor({ config, env: process.env });
  if (format === 'json') terminal.result(JSON.stringify(checks, null, 2));
  else if (format === 'jsonl') {
    for (const check of checks) terminal.result(JSON.stringify(check));
  } else {
    terminal.result(checkLines(checks, terminal.paint).join('\n'));
    terminal.note(checkCountLine(checks));
  }
  return checks.some(({ state }) => state === 'failure') ? EXIT.failed : EXIT.done;
}
