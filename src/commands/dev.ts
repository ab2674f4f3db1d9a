/** `fedimg dev`: the local stack, left running until Ctrl-C. */

import { Command } from 'commander';
import { SERVED_BY_USER } from '../local/config.js';
import { keptCredentials } from '../local/credentials.js';
import type { ChildProcesses } from '../local/processes/child-processes.js';
import { preferPort } from '../local/processes/free-port.js';
import { requireTools } from '../local/processes/tools.js';
import type { LocalStack } from '../local/stack.js';
import { openSession, startLocalStack, startWorkerProcess } from '../local/stack.js';
import { removeStackNote, writeStackNote } from '../local/stack-note.js';
import type { LatencyProfile } from '../simulator/index.js';
import { withHelp } from './shared/command-help.js';
import type { DevConfig } from './shared/dev-config.js';
import { chooseConfig } from './shared/dev-config.js';
import { startAgain } from './shared/dev-end.js';
import { LATENCY_NAMES, parseLatency } from './shared/latency.js';
import { withLocalRun } from './shared/local-run.js';
import { globalOptions, parsePort, terminalOf } from './shared/options.js';
import { usageError } from './shared/problem.js';
import { reportDev } from './view/dev-report.js';
import type { Terminal } from './view/terminal.js';

interface DevOptions {
  readonly state?: string;
  readonly latency: LatencyProfile;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly simulatorPort?: number;
}

/** Temporal's defaults, and the next port. */
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
    notes: `With TEMPORAL_ADDRESS, dev starts no Temporal server. The address must be on this machine and must not be a tunnel to another
one: the worker runs the workflows of that server on the local cloud.
dev reads --config, FEDIMG_CONFIG or ./fedimg.toml; without any it writes its own configuration.
To publish a compose or a .raw.xz that is served on this machine, allow its URL in the configuration:
  [source]
  allow = ["${SERVED_BY_USER}"]`,
  });
  command.action((options: DevOptions) => run(command, options));
  return command;
}

/** Ends only by a signal, whose handler exits the process, or when a child process ends. */
async function run(command: Command, options: DevOptions): Promise<void> {
  const terminal = terminalOf(command);
  refuseForeignServer(process.env['TEMPORAL_ADDRESS']);
  await requireTools(['bash', 'curl', 'xz']);
  const { state: directory } = options;
  const localRun = {
    ...({ terminal, name: 'dev', directory, beforeStop: removeStackNote } as const),
    afterUnexpectedEnd: (stateDir: string) => startAgain(stateDir, process.env),
  };
  await withLocalRun(localRun, async ({ stateDir, processes, unexpectedEnd }) => {
    const config = await chooseConfig(globalOptions(command).config, {
      stateDir,
      latency: options.latency,
    });
    const stack = await start({ terminal, options, stateDir, processes, config });
    await reportDev(terminal, stack, { stateDir, config });
    await unexpectedEnd;
  });
}

/** Also `[::1]:7233` and all of 127.0.0.0/8. */
const THIS_MACHINE = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i;

/** Its composes would be published on the local cloud only, and count as published. */
function refuseForeignServer(address = ''): void {
  if (address === '' || THIS_MACHINE.test(address)) return;
  throw usageError(
    `TEMPORAL_ADDRESS is ${address}, which is not on this machine. The worker of \`fedimg dev\` would run the workflows of that server on the local cloud.`,
    'Unset it, and `fedimg dev` starts a Temporal server here. To work for that server, use `fedimg worker`.',
  );
}

/** Starts Temporal, the local cloud and a worker, and leaves a note for other commands. */
async function start({
  options,
  stateDir,
  processes,
  terminal,
  config,
}: {
  readonly terminal: Terminal;
  readonly options: DevOptions;
  readonly stateDir: string;
  readonly processes: ChildProcesses;
  readonly config: DevConfig;
}): Promise<LocalStack> {
  const stack = await startLocalStack({
    stateDir,
    processes,
    log: terminal.note,
    credentials: await keptCredentials(stateDir),
    latency: options.latency,
    ports: {
      temporal: options.temporalPort ?? (await preferPort(PORTS.temporal)),
      ui: options.uiPort ?? (await preferPort(PORTS.ui)),
      simulator: options.simulatorPort ?? (await preferPort(PORTS.simulator)),
    },
  });
  const session = await openSession(stack, config.deployment);
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
