/** `fedimg dev`: the local stack, left running until Ctrl-C. */

import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { ChildProcesses } from '../local/processes/child-processes.js';
import { createChildProcesses } from '../local/processes/child-processes.js';
import { requirePortFree, reserveFreePort } from '../local/processes/free-port.js';
import { stopOnInterrupt } from '../local/processes/interrupt.js';
import { openStateDir } from '../local/state-dir.js';
import { requireTools } from '../local/processes/tools.js';
import type { LocalCredentials } from '../local/credentials.js';
import { createLocalCredentials, exportLines } from '../local/credentials.js';
import { withHelp } from './shared/command-help.js';
import { noteKeptTroubles } from '../local/kept-troubles.js';
import { BOOT_SECTOR_TEST, SERVED_BY_USER, writeLocalConfig } from '../local/config.js';
import type { LocalStack } from '../local/stack.js';
import { openSession, startLocalStack, startWorkerProcess } from '../local/stack.js';
import { removeStackNote, writeStackNote } from '../local/note.js';
import { globalOptions, parsePort, terminalOf } from './shared/options.js';
import { LATENCY_NAMES, parseLatency } from './shared/latency.js';
import { usageError } from './shared/problem.js';
import type { LatencyProfile } from '../simulator/index.js';
import type { Terminal } from './view/terminal.js';
import { watchForUnexpectedEnd } from './shared/unexpected-end.js';

interface DevOptions {
  readonly state?: string;
  readonly latency: LatencyProfile;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly simulatorPort?: number;
}

/** Temporal's own, and the next one. */
const PORTS = { temporal: 7233, ui: 8233, simulator: 8234 };

export function createCommand(): Command {
  const command = new Command('dev')
    .option('--state <dir>', 'where everything is kept (default: ~/.local/state/fedimg/dev)')
    .option('--latency <profile>', `of the local cloud: ${LATENCY_NAMES}`, parseLatency, 'fast')
    .option('--temporal-port <port>', `default: ${PORTS.temporal}, or a free one`, parsePort)
    .option('--ui-port <port>', `default: ${PORTS.ui}, or a free one`, parsePort)
    .option('--simulator-port <port>', `default: ${PORTS.simulator}, or a free one`, parsePort);
  withHelp(command, {
    examples: [
      'fedimg dev',
      'fedimg publish http://127.0.0.1:8000/disk.raw.xz --arch x86_64 --watch   # in another terminal',
    ],
    notes: `With TEMPORAL_ADDRESS, which must be one of this machine (and no tunnel to another), no Temporal is started: the worker takes up the work
of that server, and does it on the local cloud.
It takes --config, FEDIMG_CONFIG or ./fedimg.toml; without any it writes one of its own.
A compose or .raw.xz that is served on this machine is published by one line of it:
  [source]
  allow = ["${SERVED_BY_USER}"]`,
  });
  command.action((options: DevOptions) => run(command, options));
  return command;
}

interface DevRun {
  readonly terminal: Terminal;
  readonly options: DevOptions;
  readonly stateDir: string;
  readonly processes: ChildProcesses;
  readonly config: { readonly file: string; readonly taskQueue: string; readonly own: boolean };
}

/** Ends only by a signal, whose handler ends the process, or by the end of a child. */
async function run(command: Command, options: DevOptions): Promise<void> {
  const terminal = terminalOf(command);
  refuseServerOfOthers(process.env['TEMPORAL_ADDRESS']);
  await requireTools(['bash', 'curl', 'xz']);
  const state = await openStateDir({ name: 'dev', directory: options.state });
  const unexpectedEnd = watchForUnexpectedEnd();
  const processes = createChildProcesses({
    logDir: state.logsPath,
    log: terminal.note,
    onUnexpectedExit: unexpectedEnd.report,
  });
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> =>
    (ending ??= (async () => {
      await removeStackNote(state.path);
      await processes.stopAll();
      await state.release();
    })());
  const restore = stopOnInterrupt({ stop: end, log: terminal.note });
  try {
    const config = await chooseConfig(globalOptions(command).config, state.path);
    const dev = { terminal, options, stateDir: state.path, processes, config };
    const stack = await start(dev);
    await say(dev, stack);
    await unexpectedEnd.happened;
  } finally {
    await end();
    restore();
  }
}

/** `[::1]:7233` and all of 127.0.0.0/8 are this machine, too. */
const THIS_MACHINE = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i;

/** On the local cloud, a compose of theirs would be called published and never reach EC2. */
function refuseServerOfOthers(address = ''): void {
  if (address === '' || THIS_MACHINE.test(address)) return;
  throw usageError(
    `TEMPORAL_ADDRESS is ${address}, which is not on this machine: the worker of \`fedimg dev\` would take up the work of that server, and do it on the local cloud.`,
    'Unset it, and a Temporal server is started here; the worker of that server is `fedimg worker`.',
  );
}

async function start({
  options,
  stateDir,
  processes,
  terminal,
  config,
}: DevRun): Promise<LocalStack> {
  const stack = await startLocalStack({
    stateDir,
    processes,
    log: terminal.note,
    credentials: await keptCredentials(stateDir),
    latency: options.latency,
    ports: {
      temporal: options.temporalPort ?? (await preferredPort(PORTS.temporal)),
      ui: options.uiPort ?? (await preferredPort(PORTS.ui)),
      simulator: options.simulatorPort ?? (await preferredPort(PORTS.simulator)),
    },
  });
  const session = await openSession(stack);
  try {
    const { file: configFile, taskQueue } = config;
    await startWorkerProcess(stack, session, { processes, configFile, taskQueue });
  } finally {
    await session.access.close();
  }
  const { address, namespace, uiUrl } = stack.temporal;
  await writeStackNote(stateDir, {
    pid: process.pid,
    address,
    namespace,
    uiUrl,
    simulatorUrl: stack.simulatorUrl,
    configFile: config.file,
    taskQueue: config.taskQueue,
  });
  return stack;
}

async function say(
  { terminal, stateDir, config }: DevRun,
  { temporal, simulatorUrl, variables }: LocalStack,
): Promise<void> {
  const lines = exportLines({ ...variables, FEDIMG_CONFIG: config.file });
  const envFile = path.join(stateDir, 'dev.env');
  await writeFile(envFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  const written = config.own ? ' (written by dev; change it and start dev again)' : '';
  terminal.note(`
fedimg dev is running; Ctrl-C ends all of it.
  Temporal       ${temporal.address}
  Temporal UI    ${temporal.uiUrl ?? 'not known for a server that was not started here'}
  EC2 and SSM    ${simulatorUrl}
  Configuration  ${config.file}${written}
  State, logs    ${stateDir}

In other terminals, for fedimg, the AWS CLI and temporal (or: source ${envFile}):`);
  terminal.result(lines.join('\n'));
  terminal.note(`
A compose or a .raw.xz that is served on this machine is published when its URL is allowed in [source]:
  allow = ["${SERVED_BY_USER}"]
  fedimg publish ${SERVED_BY_USER}disk.raw.xz --arch x86_64 --watch`);
  await noteKeptTroubles(simulatorUrl, terminal.note);
}

/** The user's own configuration, checked before anything starts; else one in the state folder. */
async function chooseConfig(
  option: string | undefined,
  stateDir: string,
): Promise<DevRun['config']> {
  const env = process.env;
  const cwd = process.cwd();
  const local = path.join(cwd, 'fedimg.toml');
  const named = option ?? env['FEDIMG_CONFIG'] ?? (existsSync(local) ? local : undefined);
  const own = path.join(stateDir, 'fedimg.toml');
  if (!named && !existsSync(own)) {
    await writeLocalConfig(
      stateDir,
      {
        deployment: 'dev',
        taskQueue: 'fedimg',
        allow: [SERVED_BY_USER, SERVED_BY_USER.replace('127.0.0.1', 'localhost')],
      },
      { content: BOOT_SECTOR_TEST },
    );
  }
  // Whoever has sourced dev.env names our own file.
  const path_ = named ? path.resolve(cwd, named) : own;
  const { config, file } = await loadConfig({ path: path_, env, cwd });
  return { file, taskQueue: config.worker.taskQueue, own: file === own };
}

/** The same over restarts, so that `dev.env` stays true. */
async function keptCredentials(stateDir: string): Promise<LocalCredentials> {
  const file = path.join(stateDir, 'credentials.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LocalCredentials;
  } catch {
    const credentials = createLocalCredentials();
    await writeFile(file, JSON.stringify(credentials), { mode: 0o600 });
    return credentials;
  }
}

async function preferredPort(port: number): Promise<number> {
  try {
    await requirePortFree(port, 'the local stack');
    return port;
  } catch {
    return reserveFreePort();
  }
}
