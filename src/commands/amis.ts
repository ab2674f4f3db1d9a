/** `fedimg amis`: the published AMIs, and why others are missing. */

import { Command } from 'commander';
import type { AmiRow } from '../client/amis.js';
import { listAmis } from '../client/amis.js';
import { LATEST, resolvePublication } from '../client/publications.js';
import type { Session } from '../client/session.js';
import type { Arch } from '../model/compose.js';
import { amiLines, countLine } from './ami-table.js';
import { finish, withHelp } from './command-help.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { outputFormat, parseArch, terminalOf, type OutputFormat } from './options.js';
import { CommandError } from './problem.js';
import type { Terminal } from './terminal.js';
import { withSession } from './with-session.js';

interface AmisOptions {
  readonly compose?: string;
  readonly region?: string;
  readonly arch?: Arch;
  readonly release?: string;
}

export function createCommand(): Command {
  const command = new Command('amis')
    .option('--compose <id>', 'only of this compose, or of @latest')
    .option('--region <region>', 'only in this region')
    .option('--arch <arch>', 'only for this architecture', parseArch)
    .option('--release <release>', 'only of this release');
  withHelp(command, {
    examples: [
      'fedimg amis --compose @latest',
      'fedimg amis --release 43 --region eu-central-1 -o name',
      "fedimg amis -o json | jq -r '.[] | select(.public) | [.region, .ami] | @tsv'",
    ],
    notes: 'A wanted AMI that is missing has `ami: null` and a `reason`.',
  });
  command.action(async (options: AmisOptions) => finish(await run(command, options)));
  return command;
}

async function run(command: Command, options: AmisOptions): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl', 'name']);
  const terminal = terminalOf(command);
  return withSession(process.env, async ({ session }) => {
    const compose = await composeOf(session, options.compose);
    const rows = await listAmis(session, { ...options, ...compose });
    if (rows.length === 0 && Object.keys(options).length > 0) {
      if (format === 'json') terminal.result('[]');
      throw new CommandError({
        what: 'no AMI matches',
        next: 'List all with `fedimg amis`; `fedimg status` says what is under way.',
        exitCode: EXIT.notFound,
      });
    }
    printRows(terminal, format, rows);
    return EXIT.done;
  });
}

/** `@latest` may be an image that was published by hand. */
async function composeOf(
  session: Session,
  id: string | undefined,
): Promise<{ compose?: string | undefined; workflowIds?: string[] }> {
  if (id === undefined) return {};
  if (id !== LATEST) return { compose: id };
  const latest = await resolvePublication(session, LATEST);
  return latest.kind === 'compose' && latest.compose !== null
    ? { compose: latest.compose }
    : { compose: undefined, workflowIds: [latest.workflowId] };
}

export function printRows(terminal: Terminal, format: OutputFormat, rows: readonly AmiRow[]): void {
  switch (format) {
    case 'json':
      return terminal.result(JSON.stringify(rows, null, 2));
    case 'jsonl':
      for (const row of rows) terminal.result(JSON.stringify(row));
      return;
    case 'name':
      for (const { ami } of rows) if (ami !== null) terminal.result(ami);
      return;
    case 'table':
      if (rows.length > 0) terminal.result(amiLines(rows, terminal.paint).join('\n'));
      terminal.note(rows.length === 0 ? 'No AMIs yet.' : countLine(rows));
  }
}
