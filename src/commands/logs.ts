/** `fedimg logs ID`: the log lines of one run, from the places where this machine has them. */

import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { DEFAULT_DEPLOYMENT } from '../model/ids/installation.js';
import { workflowIdOf } from '../model/ids/workflow-ids.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { isOfRun, parsedLine } from './shared/log-line.js';
import { logPlaces, readPlace } from './shared/log-places.js';
import { globalOptions, outputFormat, terminalOf } from './shared/options.js';
import { CommandError } from './shared/problem.js';
import { configOfUser } from './shared/with-session.js';
import { logLineText } from './view/log-line-view.js';

export function createCommand(): Command {
  const command = new Command('logs').argument(
    '<id>',
    'a compose, an image or a workflow id; a compose includes its images',
  );
  withHelp(command, {
    examples: [
      'fedimg logs Fedora-Cloud-43-20251021.0',
      "fedimg logs Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64 -o jsonl | jq 'select(.level >= 40)'",
    ],
    notes: `Reads log.file, and the journal of log.journal_unit, of the configuration on this machine: log lines are not in
Temporal. It says where it looked. Exits with 6 when no place has a line of this run; \`fedimg status ID\` needs no log.`,
  });
  command.action(async (id: string) => finish(await run(command, id)));
  return command;
}

async function run(command: Command, id: string): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'jsonl']);
  const terminal = terminalOf(command);
  const { env } = process;
  const path = await configOfUser({ config: globalOptions(command).config, env });
  const { config, file } = await loadConfig({ ...path, env, cwd: process.cwd() });
  const places = logPlaces(config.log);
  if (places.length === 0) throw noPlace(file);
  const workflowId = workflowIdOf(config.deployment, id);
  let count = 0;
  const looked: string[] = [];
  for (const place of places) {
    const before = count;
    const trouble = await readPlace(place, (text) => {
      const line = parsedLine(text);
      if (line === undefined || !isOfRun(line, workflowId)) return;
      count += 1;
      terminal.result(format === 'jsonl' ? text : logLineText(line, terminal.paint));
    });
    looked.push(`${place.name} (${trouble ?? `${count - before} lines`})`);
  }
  terminal.note(`Looked for ${workflowId} in ${looked.join(' and ')}.`);
  if (count > 0) return EXIT.done;
  const of = config.deployment === DEFAULT_DEPLOYMENT ? '' : ` of deployment ${config.deployment}`;
  terminal.note(
    `No line${of} names it. Other workers may have run it: look on their machines, or run fedimg status ${id}.`,
  );
  return EXIT.notFound;
}

function noPlace(file: string): CommandError {
  return new CommandError({
    what: `${file} names no place of the log`,
    next: 'Set log.file, or log.journal_unit where systemd runs the worker. Without them the log is where the worker writes its stderr.',
    exitCode: EXIT.usage,
  });
}
