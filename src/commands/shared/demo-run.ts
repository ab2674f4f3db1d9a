/** The demo: starts the stack, makes a compose, sends its message, watches it, and checks the result. */

import path from 'node:path';
import { signalCompose } from '../../client/start.js';
import type { Session } from '../../client/session.js';
import type { ComposeStatus } from '../../client/status.js';
import type { ChildProcesses } from '../../local/processes/child-processes.js';
import type { ComposeServer } from '../../local/compose-server/compose-server.js';
import { startComposeServer } from '../../local/compose-server/compose-server.js';
import type { SampleCompose } from '../../local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../../local/compose-server/sample-compose.js';
import { parseComposeMessage } from '../../model/compose/compose-message.js';
import { createLocalCredentials } from '../../local/credentials.js';
import { noteComposeStarted } from './compose-started.js';
import { reportDemo } from '../view/demo-report.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { formatBytes, formatElapsed } from '../view/format.js';
import {
  BOOT_SECTOR_TEST,
  FAILING_TEST,
  LOCAL_TIME_SCALE,
  writeLocalConfig,
} from '../../local/config.js';
import type { LocalStack } from '../../local/stack.js';
import { openSession, startLocalStack, startWorkerProcess } from '../../local/stack.js';
import { createProgressDisplay } from '../view/progress-display.js';
import type { Terminal } from '../view/terminal.js';
import { watchPublication } from './watch.js';

export interface DemoOptions {
  /** Keep the state folder: histories, logs and the cloud's files. */
  readonly keep?: boolean;
  readonly keepRunning?: boolean;
  readonly failTest?: boolean;
  readonly testScript?: string;
}

export interface DemoSettings {
  readonly terminal: Terminal;
  readonly options: DemoOptions;
  /** A new folder, which the caller removes. */
  readonly directory: string;
  readonly processes: ChildProcesses;
}

/** On a shared server, it stands before the demo's workflow ids. */
const DEPLOYMENT = 'demo';
const RAW_SIZE_BYTES = 256 * 1024 * 1024;
const WATCH_INTERVAL_MS = 500;

export async function runDemo(settings: DemoSettings): Promise<ExitCode> {
  const { terminal, options, directory, processes } = settings;
  const beginMs = Date.now();
  const server = await startComposeServer({ directory: path.join(directory, 'composes') });
  try {
    const [stack, compose] = await Promise.all([
      startLocalStack({
        stateDir: directory,
        processes,
        log: terminal.note,
        credentials: createLocalCredentials(),
        latency: 'fast',
      }),
      makeCompose(settings, server),
    ]);
    const session = await openSession(stack, DEPLOYMENT);
    try {
      const taskQueue = `fedimg-demo-${process.pid}`;
      const configFile = await writeLocalConfig(
        directory,
        { deployment: DEPLOYMENT, taskQueue, allow: [`${server.url}/`] },
        testOf(options),
      );
      const worker = await startWorkerProcess(stack, session, { processes, configFile, taskQueue });
      terminal.note(
        `Worker: process ${worker.pid}, ready after ${formatElapsed(Date.now() - beginMs)}`,
      );
      const status = await publish(terminal, session, { compose, taskQueue });
      const exitCode = await reportDemo({
        terminal,
        session,
        status,
        compose,
        simulatorUrl: stack.simulatorUrl,
        workerPid: worker.pid,
        beginMs,
      });
      await noteWhereToLook(settings, stack, status);
      return exitCode;
    } finally {
      await session.access.close();
    }
  } finally {
    await server.close();
  }
}

async function makeCompose(
  { terminal, directory, processes }: DemoSettings,
  server: ComposeServer,
): Promise<SampleCompose> {
  const compose = await writeSampleCompose({
    directory: path.join(directory, 'composes'),
    rawDirectory: path.join(directory, 'raw'),
    composeId: demoComposeId(new Date()),
    baseUrl: server.url,
    rawSizeBytes: RAW_SIZE_BYTES,
    signal: processes.signal,
  });
  for (const image of compose.images) {
    const { architecture, rawSizeBytes, sizeBytes } = image;
    const sizes = `${formatBytes(rawSizeBytes)} raw, ${formatBytes(sizeBytes)} compressed`;
    terminal.note(`Image: ${image.name}.raw.xz, ${architecture}, ${sizes}`);
  }
  terminal.note(`Compose: ${compose.location}`);
  return compose;
}

/** On a shared server, two demos of one day must be two composes. */
function demoComposeId(now: Date): string {
  const date = now.toISOString().slice(0, 10).replaceAll('-', '');
  const shared = Boolean(process.env['TEMPORAL_ADDRESS']);
  return `Fedora-Cloud-43-${date}.${shared ? 1 + (now.getTime() % 9_999) : 0}`;
}

function testOf(options: DemoOptions): { content: string } | { file: string } {
  if (options.testScript !== undefined) return { file: options.testScript };
  return { content: options.failTest === true ? FAILING_TEST : BOOT_SECTOR_TEST };
}

/** Uses the code of `fedimg compose signal`. */
async function publish(
  terminal: Terminal,
  session: Session,
  { compose, taskQueue }: { compose: SampleCompose; taskQueue: string },
): Promise<ComposeStatus> {
  const parsed = parseComposeMessage(compose.message);
  if (parsed.kind !== 'message')
    throw new TypeError('the message of the sample compose is invalid');
  const started = await signalCompose(session, parsed.message, {
    taskQueue,
    timeScale: LOCAL_TIME_SCALE,
  });
  noteComposeStarted(terminal, parsed.message, started);
  const display = createProgressDisplay(terminal);
  const intervalMs = WATCH_INTERVAL_MS;
  const { status } = await watchPublication(session, started, { display, intervalMs });
  if (status.kind !== 'compose') throw new TypeError(`${status.workflowId} is not a compose`);
  return status;
}

async function noteWhereToLook(
  { terminal, options, processes }: DemoSettings,
  { temporal, variables }: LocalStack,
  status: ComposeStatus,
): Promise<void> {
  if (options.keepRunning !== true) {
    if (status.link === null) return;
    terminal.note(`Its page in the Temporal UI was ${status.link}`);
    terminal.note('To keep the UI open: npx fedimg demo --keep-running, or npx fedimg dev');
    return;
  }
  terminal.note('');
  terminal.note(`Temporal UI: ${status.link ?? temporal.uiUrl ?? 'at your server'}`);
  terminal.note('Everything keeps running until Ctrl-C. In another terminal:');
  for (const [name, value] of Object.entries(variables)) {
    terminal.note(`  export ${name}='${value}'`);
  }
  await new Promise<never>((_, reject) => {
    processes.signal.addEventListener('abort', () => reject(stopped()), { once: true });
  });
}

/** Ends the wait; the process exits before this error is shown. */
function stopped(): Error {
  return new Error(`the demo was stopped (exit code ${EXIT.interrupted})`);
}
