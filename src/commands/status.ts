/** `fedimg status`: the status of a compose or an image, or the list of both. */

import { Command } from 'commander';
import type { Publication } from '../client/publications.js';
import { recentPublications, resolvePublication } from '../client/publications.js';
import type { PublicationStatus } from '../client/status.js';
import { readStatus } from '../client/status.js';
import { idOf } from './shared/again.js';
import { exitCodeOfStatus, EXIT, type ExitCode } from './shared/exit-codes.js';
import type { FollowOptions } from './shared/follow.js';
import { addFollowOptions, follow } from './shared/follow.js';
import { formatColumns, formatElapsed, formatTime } from './view/format.js';
import { configSource, outputFormat, terminalOf, type OutputFormat } from './shared/options.js';
import { finish, withHelp } from './shared/command-help.js';
import { statusLines } from './view/status-view.js';
import type { Terminal } from './view/terminal.js';
import { usageError } from './shared/problem.js';
import { withSession } from './shared/with-session.js';

const LISTED_MAX = 25;

export function createCommand(): Command {
  const command = new Command('status').argument(
    '[id]',
    'a compose, an image, a workflow id or @latest; without it, lists all',
  );
  addFollowOptions(command);
  withHelp(command, {
    examples: [
      'fedimg status',
      'fedimg status @latest --watch',
      'fedimg status Fedora-Cloud-43-20251021.0 --wait --timeout 2h',
      'fedimg status Fedora-Cloud-43-20251021.0 -o json',
    ],
    notes: `Without an id it lists the ${LISTED_MAX} newest. Older ones are shown by their id; \`fedimg amis\` lists all AMIs.
The exit code follows the outcome: 0 published, 1 failed, 3 partly published, 8 still running, 9 waiting for approval.`,
  });
  command.action(async (id: string | undefined, options: FollowOptions) => {
    finish(await run(command, id, options));
  });
  return command;
}

async function run(
  command: Command,
  id: string | undefined,
  options: FollowOptions,
): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const following = options.wait === true || options.watch === true;
  if (id === undefined && following) {
    throw usageError('--wait and --watch need an id', 'The newest one is @latest.');
  }
  return withSession(configSource(command), async ({ session }) => {
    if (id === undefined) {
      printList(terminal, format, await recentPublications(session, LISTED_MAX));
      return EXIT.done;
    }
    const publication = await resolvePublication(session, id);
    if (!following) {
      const status = await readStatus(session, publication);
      printStatus(terminal, format, status);
      return exitCodeOfStatus(status);
    }
    const events = format === 'jsonl' && options.watch === true;
    const { status, exitCode } = await follow(session, publication, {
      ...options,
      terminal,
      ...(events ? { onChange: (one) => terminal.result(JSON.stringify(one)) } : {}),
    });
    if (!events) printStatus(terminal, format, status);
    return exitCode;
  });
}

export function printStatus(
  terminal: Terminal,
  format: OutputFormat,
  status: PublicationStatus,
): void {
  if (format === 'json') terminal.result(JSON.stringify(status, null, 2));
  else if (format === 'jsonl') terminal.result(JSON.stringify(status));
  else {
    const options = { paint: terminal.paint, nowMs: Date.now(), rates: new Map() };
    terminal.result(statusLines(status, options).join('\n'));
  }
}

function printList(
  terminal: Terminal,
  format: OutputFormat,
  publications: readonly Publication[],
): void {
  if (format === 'json') return terminal.result(JSON.stringify(publications, null, 2));
  if (format === 'jsonl') {
    for (const publication of publications) terminal.result(JSON.stringify(publication));
    return;
  }
  if (publications.length === 0) {
    terminal.note('There are no publications yet. Start one with `fedimg compose signal FILE`.');
    return;
  }
  terminal.result(listLines(publications, Date.now()).join('\n'));
}

export function listLines(publications: readonly Publication[], nowMs: number): string[] {
  const rows = publications.map((publication) => {
    const end = publication.closedAt === null ? nowMs : Date.parse(publication.closedAt);
    return [
      idOf(publication),
      publication.kind,
      publication.execution.toLowerCase(),
      publication.phase ?? '',
      formatTime(publication.startedAt),
      formatElapsed(end - Date.parse(publication.startedAt)),
    ];
  });
  return formatColumns([['ID', 'KIND', 'STATE', 'PHASE', 'STARTED (UTC)', 'TOOK'], ...rows]);
}
