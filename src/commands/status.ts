/** `fedimg status`: the status of a compose or an image, or the list of both. */

import { Command } from 'commander';
import { attributeNote } from '../client/attributes.js';
import type { Publication } from '../client/publications.js';
import { recentPublications, resolvePublication } from '../client/publications.js';
import type { PublicationStatus } from '../client/status.js';
import { readStatus } from '../client/status.js';
import type { OverviewFilter } from '../client/overview.js';
import { readOverviews } from '../client/overview.js';
import type { Arch } from '../model/compose/compose.js';
import type { Overview } from '../model/status/overview.js';
import { exitCodeOfStatus, EXIT, type ExitCode } from './shared/exit-codes.js';
import type { FollowOptions } from './shared/follow.js';
import { addFollowOptions, follow } from './shared/follow.js';
import { listLines, overviewListLines } from './view/list-view.js';
import {
  configSource,
  outputFormat,
  parseArch,
  terminalOf,
  type OutputFormat,
} from './shared/options.js';
import { finish, withHelp } from './shared/command-help.js';
import { statusJson } from './view/status-json.js';
import { statusLines } from './view/status-view.js';
import type { Terminal } from './view/terminal.js';
import { usageError } from './shared/problem.js';
import { withSession } from './shared/with-session.js';

const LISTED_MAX = 25;

interface StatusOptions extends FollowOptions {
  readonly release?: string;
  readonly arch?: Arch;
  readonly phase?: string;
  readonly outcome?: string;
  readonly attention?: boolean;
}

export function createCommand(): Command {
  const command = new Command('status').argument(
    '[id]',
    'a compose, an image, a workflow id or @latest; without it, lists all',
  );
  command
    .option('--release <release>', 'list only this release, such as 43')
    .option('--arch <arch>', 'list only images of x86_64 or aarch64', parseArch)
    .option('--phase <phase>', 'list only this step, outcome, waiting-for-approval or paused')
    .option('--outcome <outcome>', 'list only running, published, partly-published, failed, …')
    .option('--attention', 'list only what a person should look at');
  addFollowOptions(command);
  withHelp(command, {
    examples: [
      'fedimg status',
      'fedimg status --attention',
      'fedimg status @latest --watch',
      'fedimg status Fedora-Cloud-43-20251021.0 --wait --timeout 2h',
      'fedimg status Fedora-Cloud-43-20251021.0 -o json',
    ],
    notes: `Without an id it lists the ${LISTED_MAX} newest. Older ones are shown by their id; \`fedimg amis\` lists all AMIs.
The exit code follows the outcome: 0 published, 1 failed, 3 partly published, 8 still running, 9 waiting for approval.`,
  });
  command.action(async (id: string | undefined, options: StatusOptions) => {
    finish(await run(command, id, options));
  });
  return command;
}

async function run(
  command: Command,
  id: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const following = options.wait === true || options.watch === true;
  if (id === undefined && following) {
    throw usageError('--wait and --watch need an id', 'The newest one is @latest.');
  }
  if (id !== undefined && isFiltered(options)) {
    throw usageError(
      '--release, --arch, --phase, --outcome and --attention filter the list',
      'Give either an id or filters.',
    );
  }
  return withSession(configSource(command), async ({ session }) => {
    const note = await attributeNote(session.access);
    if (note !== undefined) {
      const text = `Warning: ${note.message}. ${note.next}`;
      terminal.note(terminal.paintNote('yellow', text));
    }
    if (id === undefined && isFiltered(options)) {
      return printChosen(
        terminal,
        format,
        await readOverviews(session, filterOf(options)),
        options.attention === true,
      );
    }
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
      ...(events ? { onChange: (one) => terminal.result(JSON.stringify(statusJson(one))) } : {}),
    });
    if (!events) printStatus(terminal, format, status);
    return exitCode;
  });
}

function isFiltered({ release, arch, phase, outcome, attention }: StatusOptions): boolean {
  return [release, arch, phase, outcome, attention].some((one) => one !== undefined);
}

function filterOf({ release, arch, phase, outcome }: StatusOptions): OverviewFilter {
  return {
    ...(release === undefined ? {} : { release }),
    ...(arch === undefined ? {} : { arch }),
    ...(phase === undefined ? {} : { phase }),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function printChosen(
  terminal: Terminal,
  format: OutputFormat,
  found: readonly Overview[],
  urgent: boolean,
): ExitCode {
  const chosen = found.filter(({ attention }) => !urgent || attention !== null);
  if (format === 'json') terminal.result(JSON.stringify(chosen, null, 2));
  else if (format === 'jsonl') for (const one of chosen) terminal.result(JSON.stringify(one));
  else if (chosen.length === 0) terminal.note('No publication fits.');
  else terminal.result(overviewListLines(chosen, Date.now()).join('\n'));
  return EXIT.done;
}

export function printStatus(
  terminal: Terminal,
  format: OutputFormat,
  status: PublicationStatus,
): void {
  if (format === 'json') terminal.result(JSON.stringify(statusJson(status), null, 2));
  else if (format === 'jsonl') terminal.result(JSON.stringify(statusJson(status)));
  else {
    const options = { paint: terminal.paint, nowMs: Date.now() };
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
