/** The Temporal server of a local run: the one of TEMPORAL_ADDRESS, or a development server that it starts. */
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import path from 'node:path';
import type { ChildProcesses } from '../processes/child-processes.js';
import { createChildProcesses } from '../processes/child-processes.js';
import type { ChildProcessHandle } from '../processes/child-process.js';
import { UnexpectedExitError } from '../processes/child-process.js';
import { isListening, requirePortFree, reserveFreePort } from '../processes/free-port.js';
import { findTemporalBinary } from './binary.js';
import { environmentForServer, environmentWithoutTemporal } from './environment.js';
import type { SearchAttributes } from '../../search-attributes.js';
import { missingSearchAttributes, SearchAttributeTypeError } from '../../search-attributes.js';
import { addSearchAttributes, keepHistories, requireNamespace } from './namespace.js';

export interface TemporalServerOptions {
  /** Holds the database and the log of the server; must exist. */
  stateDir: string;
  /** Default: a free one. */
  port?: number | undefined;
  /** Default: a free one. */
  uiPort?: number | undefined;
  log: (line: string) => void;
  searchAttributes: SearchAttributes;
  /** The children of the run, so that all end in order; default: a set with only this server. */
  processes?: ChildProcesses | undefined;
  env?: NodeJS.ProcessEnv | undefined;
  readyTimeoutMs?: number | undefined;
  /** Settings of Temporal's dynamic configuration, as JSON (`temporal server start-dev --dynamic-config-value`). */
  dynamicConfig?: Readonly<Record<string, string>> | undefined;
}

export interface TemporalServer {
  address: string;
  namespace: string;
  /** Undefined for a server that was not started here: its UI is unknown. */
  uiUrl: string | undefined;
  /** Undefined for a server that was not started here. */
  pid: number | undefined;
  /** Temporal's command line, which is also the server. Undefined for a server that was not started here. */
  cli: string | undefined;
  /** The environment for programs that use this server. */
  env: NodeJS.ProcessEnv;
  /** Ends the server if it was started here; safe to repeat. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const namespace = 'default';
const connectTimeoutMs = 5_000;
/** A first start takes one second here; a loaded machine with a cold disk needs many more. */
const readyTimeoutDefaultMs = 60_000;
const portAttemptsMax = 5;

/**
 * Returns when the namespace answers and has the search attributes. With TEMPORAL_ADDRESS it starts no
 * server. A development server keeps its histories in `temporal.db` in the state folder over restarts,
 * so only one server at a time may use that folder. Throws with the last output of a failed start.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const env = options.env ?? process.env;
  const address = env['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') return await useRunningServer(address, env, options);
  const processes =
    options.processes ?? createChildProcesses({ logDir: options.stateDir, log: options.log });
  const binary = await findTemporalBinary({ log: options.log, env, signal: processes.signal });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startDevServer(binary.path, env, options, processes);
    } catch (error) {
      const portsAreOurs = options.port === undefined || options.uiPort === undefined;
      const portTaken = error instanceof UnexpectedExitError && /in use/.test(error.message);
      if (!portsAreOurs || !portTaken || attempt >= portAttemptsMax) throw error;
      options.log('Temporal server: another program took the port meanwhile; trying another port');
    }
  }
}

async function useRunningServer(
  address: string,
  env: NodeJS.ProcessEnv,
  { log, searchAttributes }: TemporalServerOptions,
): Promise<TemporalServer> {
  const config = loadClientConnectConfig({ overrideEnvVars: definedOnly(env) });
  const used = config.namespace ?? namespace;
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({
      ...config.connectionOptions,
      connectTimeout: connectTimeoutMs,
    });
    await requireNamespace(connection, used);
    await addSearchAttributes(connection, used, searchAttributes, log);
  } catch (error) {
    throw new Error(
      `TEMPORAL_ADDRESS is ${address}, but that server cannot be used: ${(error as Error).message}. ` +
        'Start that server, or correct the address (HOST:PORT) and the other TEMPORAL_ variables. ' +
        'To start a development server here instead, unset TEMPORAL_ADDRESS.',
      { cause: error },
    );
  } finally {
    await connection?.close();
  }
  log(`Temporal server: ${address}, from TEMPORAL_ADDRESS; no server is started here`);
  const stop = (): Promise<void> => Promise.resolve();
  return {
    ...{ address, namespace: used, uiUrl: undefined, pid: undefined, cli: undefined },
    ...{ env, stop },
  };
}

async function startDevServer(
  binary: string,
  env: NodeJS.ProcessEnv,
  options: TemporalServerOptions,
  processes: ChildProcesses,
): Promise<TemporalServer> {
  // Check before the start: otherwise another program on this port would look like our server.
  if (options.port !== undefined) await requirePortFree(options.port, 'the Temporal server');
  if (options.uiPort !== undefined) await requirePortFree(options.uiPort, "Temporal's UI");
  const port = options.port ?? (await reserveFreePort());
  const uiPort = options.uiPort ?? (await reserveFreePort());
  const address = `${host}:${port}`;
  const server = processes.start({
    name: 'temporal',
    command: binary,
    args: devServerArgs({ port, uiPort }, options),
    env: environmentWithoutTemporal(env),
    logFile: path.join(options.stateDir, 'temporal.log'),
    // It hangs at SIGTERM while pollers are connected; a SIGKILL loses no data.
    stopTimeoutMs: 5_000,
  });
  try {
    await waitUntilUsable(server, port, options, processes.signal);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const uiUrl = `http://${host}:${uiPort}`;
  options.log(`Temporal server: ${address}, its UI: ${uiUrl}`);
  return {
    address,
    namespace,
    uiUrl,
    pid: server.pid,
    cli: binary,
    env: environmentForServer({ address, namespace }, env),
    // Its own set of processes contains only this server.
    stop: () => (options.processes === undefined ? processes.stopAll() : server.stop()),
  };
}

function devServerArgs(
  { port, uiPort }: { port: number; uiPort: number },
  { stateDir, searchAttributes, dynamicConfig = {} }: TemporalServerOptions,
): string[] {
  const args = ['server', 'start-dev', '--ip', host, '--port', `${port}`, '--ui-port', `${uiPort}`];
  args.push('--namespace', namespace, '--log-level', 'error');
  args.push('--db-filename', path.join(stateDir, 'temporal.db'));
  // As in the SDK's own stress tests: histories survive a killed process, but not a power cut.
  args.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=OFF');
  for (const [name, type] of Object.entries(searchAttributes)) {
    args.push('--search-attribute', `${name}=${type}`);
  }
  for (const [name, value] of Object.entries(dynamicConfig)) {
    args.push('--dynamic-config-value', `${name}=${value}`);
  }
  return args;
}

async function waitUntilUsable(
  server: ChildProcessHandle,
  port: number,
  options: TemporalServerOptions,
  signal: AbortSignal,
): Promise<void> {
  let final: SearchAttributeTypeError | undefined;
  const isUsable = async (): Promise<boolean> => {
    // Check the port first: gRPC waits for seconds after a refused connection.
    if (!(await isListening(port))) return false;
    try {
      return await prepareNamespace(`${host}:${port}`, options);
    } catch (error) {
      if (!(error instanceof SearchAttributeTypeError)) throw error;
      final = error;
      return true;
    }
  };
  const timeoutMs = options.readyTimeoutMs ?? readyTimeoutDefaultMs;
  await server.waitUntilReady(isUsable, { timeoutMs, signal });
  if (final !== undefined) throw final;
}

/**
 * The server adds the attributes of its command line only to a new database, so this adds the rest.
 * Each call has its own connection, because a connection may only be closed when no call uses it.
 */
async function prepareNamespace(
  address: string,
  { searchAttributes, log }: TemporalServerOptions,
): Promise<boolean> {
  const connectTimeout = connectTimeoutMs;
  const connection = await Connection.connect({ address, tls: false, connectTimeout });
  try {
    await requireNamespace(connection, namespace);
    await addSearchAttributes(connection, namespace, searchAttributes, log);
    await keepHistories(connection, namespace);
    return (await missingSearchAttributes(connection, namespace, searchAttributes)).length === 0;
  } finally {
    await connection.close();
  }
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
