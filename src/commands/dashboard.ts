/** `fedimg dashboard`: the web page of composes, images and AMIs, until Ctrl-C. */

import { Command, Option } from 'commander';
import type { CompletedRecords } from '../client/amis.js';
import { recordsFromHistories } from '../client/amis.js';
import type { Session } from '../client/session.js';
import { linkTo } from '../client/session.js';
import type { CatalogueSource } from '../dashboard/board/catalogue.js';
import { startDashboard } from '../dashboard/server/serve.js';
import type { Dashboard, DashboardOptions } from '../dashboard/server/serve.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { configSource, terminalOf } from './shared/options.js';
import { CommandError } from './shared/problem.js';
import type { Acts, ListenAddress } from './shared/web-options.js';
import { serviceManager } from './shared/service-manager.js';
import { isLoopback, parseListen, parseWebUrl, readActs } from './shared/web-options.js';
import type { ConfigSource } from './shared/with-session.js';
import { withSession } from './shared/with-session.js';
import type { AmiSource } from './view/ami-source.js';
import { AMI_SOURCES, readFromEc2 } from './view/ami-source.js';
import type { Terminal } from './view/terminal.js';

interface Options {
  readonly listen: ListenAddress;
  readonly acts: string;
  readonly publicUrl?: URL;
  readonly from: AmiSource;
}

const DEFAULT_LISTEN = '127.0.0.1:8300';

export function createCommand(): Command {
  const from = new Option(
    '--from <source>',
    'of the list of AMIs: histories in Temporal, or tags in EC2',
  );
  const command = new Command('dashboard')
    .addOption(
      new Option('--listen <address>', 'host and port')
        .argParser(parseListen)
        .default(parseListen(DEFAULT_LISTEN), DEFAULT_LISTEN),
    )
    .option('--acts <how>', 'who may act: off, token, token:FILE or header:NAME', 'off')
    .option(
      '--public-url <url>',
      'the address that visitors use, when a proxy stands before it',
      parseWebUrl,
    )
    .addOption(from.choices(AMI_SOURCES).default('temporal'));
  withHelp(command, {
    examples: [
      'fedimg dashboard',
      'fedimg dashboard --acts token:/etc/fedimg/dashboard-token',
      'fedimg dashboard --acts header:X-Remote-User --public-url https://fedimg.example.org',
    ],
    notes: `Every visitor may read. Retry, skip, approve, pause, resume and cancel are off by default. "token" makes a token and
prints it; "token:FILE" reads one; "header:NAME" takes the user's name from a proxy, which must remove that header from
what visitors send. The record of each act names the visitor. docs/dashboard.md has more.`,
  });
  command.action(async (options: Options) => finish(await run(command, options)));
  return command;
}

async function run(command: Command, options: Options): Promise<ExitCode> {
  const terminal = terminalOf(command);
  const acts = await readActs(options.acts);
  const stopped = stopSignal();
  const source = configSource(command);
  return withSession(source, async ({ session, start }) => {
    const { taskQueue, timeScale = 1 } = start;
    const dashboard = await listen(options, {
      session,
      start: { taskQueue, timeScale },
      catalogue: catalogueOf(options.from, session, source),
      acts: acts.mode,
      ...options.listen,
      publicUrl: options.publicUrl,
      log: terminal.note,
    });
    noteStart(terminal, { dashboard, acts, options });
    const manager = serviceManager({ warn: (_, text) => terminal.note(text) });
    manager.ready(`serves ${dashboard.url}`);
    await stopped;
    manager.close();
    await dashboard.close();
    return EXIT.done;
  });
}

function catalogueOf(from: AmiSource, session: Session, source: ConfigSource): CatalogueSource {
  const linkOf: CatalogueSource['linkOf'] = (run) => linkTo(session, run);
  if (from === 'ec2') return { read: () => readFromEc2(source, {}), linkOf };
  const completed: CompletedRecords = new Map();
  const read = async () => ({
    records: await recordsFromHistories(session, {}, completed),
    notes: [],
  });
  return { read, linkOf };
}

async function listen({ listen: address }: Options, options: DashboardOptions): Promise<Dashboard> {
  try {
    return await startDashboard(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (
      code === undefined ||
      !['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND'].includes(code)
    )
      throw error;
    throw new CommandError(
      {
        what: `the dashboard cannot listen on ${address.hostname}:${address.port}: ${message}`,
        next: 'Choose another address with --listen; port 0 takes a free one.',
        exitCode: EXIT.usage,
      },
      { cause: error },
    );
  }
}

interface Start {
  readonly dashboard: Dashboard;
  readonly acts: Acts;
  readonly options: Options;
}

function noteStart(
  terminal: Terminal,
  { dashboard, acts: { mode, madeToken }, options }: Start,
): void {
  terminal.result(options.publicUrl?.href ?? dashboard.url);
  if (madeToken !== undefined) terminal.note(`Token to act: ${madeToken}`);
  if (mode.kind === 'off')
    terminal.note('Visitors can read. To act from the page, start it with --acts token.');
  if (mode.kind === 'header' && !isLoopback(options.listen.hostname)) {
    terminal.note(
      `! Only the proxy may reach ${dashboard.url}: every program that does can send the header ${mode.header}.`,
    );
  }
  terminal.note('Ctrl-C stops it.');
}

/** Resolves at the first signal; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve());
    }
  });
}
