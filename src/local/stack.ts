/** Temporal, the local cloud and a worker as child processes of this one. */

import path from 'node:path';
import type { Session } from '../client/session.js';
import { connectToTemporal } from '../client/connection.js';
import { SEARCH_ATTRIBUTES } from '../contract.js';
import type { ChildProcesses } from './processes/child-processes.js';
import type { ChildProcessHandle } from './processes/child-process.js';
import { reserveFreePort } from './processes/free-port.js';
import type { TemporalServer } from './temporal/server.js';
import { startTemporalServer } from './temporal/server.js';
import type { LocalCredentials } from './credentials.js';
import { awsVariables, environmentForLocalCloud } from './environment.js';
import type { LatencyProfile } from '../simulator/index.js';
import { publisherAccount } from '../simulator/index.js';

export interface LocalStackOptions {
  /** Holds Temporal's database and the cloud's files; must exist. */
  readonly stateDir: string;
  readonly processes: ChildProcesses;
  readonly log: (line: string) => void;
  readonly credentials: LocalCredentials;
  readonly latency: LatencyProfile;
  /** Default: free ones. */
  readonly ports?: {
    readonly temporal?: number;
    readonly ui?: number;
    readonly simulator?: number;
  };
}

export interface LocalStack {
  readonly temporal: TemporalServer;
  readonly simulatorUrl: string;
  /** For programs that use Temporal and the local cloud. */
  readonly env: NodeJS.ProcessEnv;
  /** The part of `env` that a user has to export. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The default configuration makes six AMIs public in a region; a new account may make five, or is blocked. */
const accountSettings = JSON.stringify(publisherAccount, (_, value: unknown) => value ?? null);

/** The first start of a binary from a cold disk can take many seconds. */
const READY_TIMEOUT_MS = 60_000;

/** Starts Temporal and the local cloud side by side; throws when one of them is not ready in time. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { stateDir, processes, log, credentials, ports = {} } = options;
  const port = ports.simulator ?? (await reserveFreePort());
  const simulatorUrl = `http://127.0.0.1:${port}`;
  const aws = awsVariables(simulatorUrl, credentials);
  const searchAttributes = Object.fromEntries(
    SEARCH_ATTRIBUTES.map(({ name, type }) => [name, type]),
  );
  const [temporal] = await Promise.all([
    startTemporalServer({
      stateDir,
      processes,
      log,
      searchAttributes,
      port: ports.temporal,
      uiPort: ports.ui,
    }),
    startSimulatorProcess(options, port, simulatorUrl, aws),
  ]);
  const variables = {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ...(temporal.uiUrl === undefined ? {} : { TEMPORAL_UI_URL: temporal.uiUrl }),
    ...aws,
  };
  const env = environmentForLocalCloud({ ...temporal.env, ...variables }, aws);
  return { temporal, simulatorUrl, env, variables };
}

async function startSimulatorProcess(
  { stateDir, processes, log, latency }: LocalStackOptions,
  port: number,
  url: string,
  aws: Readonly<Record<string, string>>,
): Promise<void> {
  const state = path.join(stateDir, 'cloud');
  const child = processes.start({
    name: 'simulator',
    command: process.execPath,
    args: ownArgs(
      ...['simulator', '--port', `${port}`, '--state', state, '--latency', latency],
      ...['--settings', accountSettings],
    ),
    env: environmentForLocalCloud(process.env, aws),
  });
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/_fedimg/calls`)).ok;
  await child.waitUntilReady(isReady, { timeoutMs: READY_TIMEOUT_MS, signal: processes.signal });
  log(`EC2 and SSM: ${url}, latency ${latency}`);
}

/** Starts a worker and returns when it polls its task queue. */
export async function startWorkerProcess(
  stack: LocalStack,
  session: Session,
  options: {
    readonly processes: ChildProcesses;
    readonly configFile: string;
    readonly taskQueue: string;
  },
): Promise<ChildProcessHandle> {
  const { processes, configFile, taskQueue } = options;
  const worker = processes.start({
    name: 'worker',
    command: process.execPath,
    args: ownArgs('worker', '--config', configFile),
    env: stack.env,
  });
  const isReady = (): Promise<boolean> => isPolling(session, taskQueue, worker.pid);
  await worker.waitUntilReady(isReady, { timeoutMs: READY_TIMEOUT_MS, signal: processes.signal });
  return worker;
}

export async function openSession(stack: LocalStack, deployment: string): Promise<Session> {
  const access = await connectToTemporal({ env: stack.env });
  return { access, uiUrl: stack.temporal.uiUrl, deployment };
}

/** Workers name themselves `fedimg@HOST:PID`. */
async function isPolling({ access }: Session, taskQueue: string, pid: number): Promise<boolean> {
  const WORKFLOW = 1;
  const { pollers } = await access.call(
    (client) =>
      client.workflowService.describeTaskQueue({
        namespace: access.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: WORKFLOW,
      }),
    2_000,
  );
  return (pollers ?? []).some(({ identity }) => identity?.endsWith(`:${pid}`) === true);
}

/** This program with other arguments; works from the sources and from a build. */
function ownArgs(...args: readonly string[]): string[] {
  return [...process.execArgv, process.argv[1] ?? '', ...args];
}
