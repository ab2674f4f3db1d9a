/** `fedimg sweep`: removes what terminated runs left, now; `--dry-run` only lists it. */

import { Command } from 'commander';
import type { StartedSweep } from '../client/sweep.js';
import { awaitSweep, startSweep } from '../client/sweep.js';
import type { SweepReport } from '../model/sweep/sweep.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import {
  configSource,
  globalOptions,
  outputFormat,
  parseTimeout,
  terminalOf,
} from './shared/options.js';
import type { OutputFormat } from './shared/options.js';
import { sweepCountLine, sweepLines, sweepRows, sweepWarnings } from './view/sweep-view.js';
import type { Terminal } from './view/terminal.js';
import { detachable } from './shared/watch.js';
import { withSession } from './shared/with-session.js';

interface SweepOptions {
  readonly dryRun?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
}

export function createCommand(): Command {
  const command = new Command('sweep')
    .option('--dry-run', 'only list what would be removed, and why; change nothing')
    .option(
      '--timeout <time>',
      'stop waiting after 90s, 30m or 2h, with exit code 8',
      parseTimeout,
    );
  withHelp(command, {
    examples: [
      'fedimg sweep --dry-run',
      'fedimg sweep --dry-run --verbose            # also what is kept unexpectedly, and why',
      "fedimg sweep -o json | jq '.removed[].id'",
    ],
    notes: `A stray has the tags of this installation (Temporal cluster, namespace and deployment), and its run was terminated,
failed or is unknown to Temporal.
The sweep keeps what is public (except a snapshot without its AMI), marked as a result, younger than [sweep] grace,
of a running publication, or of another installation. Workers sweep every 15 minutes: see docs/operating.md.
Exits with 1 when a stray is left or a region was not swept.`,
  });
  command.action(async (options: SweepOptions) => finish(await run(command, options)));
  return command;
}

async function run(command: Command, options: SweepOptions): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const { verbose = false } = globalOptions(command);
  const dryRun = options.dryRun === true;
  return withSession(configSource(command), async ({ session, start }) => {
    const { deployment } = start;
    const started = await startSweep(session, { deployment, dryRun }, start);
    noteStarted(terminal, started, { deployment, dryRun });
    const waited = await detachable((signal) =>
      awaitSweep(session, started, { timeoutMs: options.timeout, signal }),
    );
    if (waited.end !== 'closed') {
      const why = waited.end === 'detached' ? 'Stopped waiting' : 'Still running at --timeout';
      terminal.note(`${why}. The sweep goes on; run the same command again to wait for it.`);
      return waited.end === 'detached' ? EXIT.interrupted : EXIT.stillRunning;
    }
    print(terminal, format, { report: waited.report, verbose });
    const { left, failedRegions } = waited.report;
    return left.length === 0 && failedRegions.length === 0 ? EXIT.done : EXIT.failed;
  });
}

function noteStarted(
  terminal: Terminal,
  { workflowId, link }: StartedSweep,
  { deployment, dryRun }: { readonly deployment: string; readonly dryRun: boolean },
): void {
  const what = dryRun ? 'listing strays' : 'removing strays';
  terminal.note(`${what} of deployment ${deployment} in all regions (${workflowId})`);
  if (link !== null) terminal.note(link);
}

export function print(
  terminal: Terminal,
  format: OutputFormat,
  { report, verbose }: { readonly report: SweepReport; readonly verbose: boolean },
): void {
  if (format === 'json') terminal.result(JSON.stringify(report, null, 2));
  else if (format === 'jsonl') {
    for (const row of sweepRows(report)) terminal.result(JSON.stringify(row));
  } else {
    const lines = sweepLines(report, { verbose, paint: terminal.paint });
    if (lines.length > 0) terminal.result(lines.join('\n'));
  }
  for (const line of sweepWarnings(report)) terminal.note(terminal.paintNote('yellow', line));
  terminal.note(sweepCountLine(report));
}
