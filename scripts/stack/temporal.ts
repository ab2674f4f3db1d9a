/** A Temporal server on PostgreSQL, set up and started by the scripts and the variables of docker-compose.yml. */

import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ChildProcesses } from '../../src/local/processes/child-processes.js';
import {
  isListening,
  requirePortFree,
  reserveFreePort,
} from '../../src/local/processes/free-port.js';
import type { TemporalPrograms } from './binaries.js';

const OPS = fileURLToPath(new URL('../../ops/temporal', import.meta.url));
const READY_TIMEOUT_MS = 180_000;

export const NAMESPACE = 'fedimg';
export const WORKER_DEPLOYMENT = 'fedimg';

export interface TemporalOptions {
  readonly programs: TemporalPrograms;
  readonly processes: ChildProcesses;
  /** For one file of this run. */
  readonly directory: string;
  readonly postgresqlPort: number;
  readonly passwordFile: string;
}

export class Temporal {
  readonly address: string;
  /** Where it serves metrics. */
  readonly metrics: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(address: string, metrics: string, env: NodeJS.ProcessEnv) {
    this.address = address;
    this.metrics = metrics;
    this.#env = env;
  }

  /** Runs each set-up script twice: a second `up` must change nothing. */
  static async start(options: TemporalOptions): Promise<Temporal> {
    const { programs, processes, directory, postgresqlPort, passwordFile } = options;
    const ports = await Promise.all(Array.from({ length: 6 }, () => reserveFreePort()));
    const [grpc = 0, http = 0, metricsPort = 0, ...others] = ports;
    const members = await freeMemberPorts(4);
    const address = `127.0.0.1:${grpc}`;
    const metrics = `127.0.0.1:${metricsPort}`;
    const entrypoint = path.join(directory, 'temporal-entrypoint.sh');
    await writeFile(entrypoint, '#!/bin/sh\nexec temporal-server start\n');
    await chmod(entrypoint, 0o755);
    const database = {
      PATH: `${programs.searchPath}${path.delimiter}${process.env['PATH']}`,
      HOME: directory,
      DB: 'postgres12',
      DB_PORT: `${postgresqlPort}`,
      POSTGRES_SEEDS: '127.0.0.1',
      POSTGRES_USER: 'temporal',
      POSTGRES_PASSWORD_FILE: passwordFile,
      TEMPORAL_SCHEMA: programs.schema,
    };
    for (let time = 1; time <= 2; time += 1) await runScript('schema.sh', database);
    const server = processes.start({
      name: 'temporal',
      command: path.join(OPS, 'server.sh'),
      env: {
        ...database,
        ...portsOf({ grpc, http, others, members }),
        BIND_ON_IP: '127.0.0.1',
        TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1',
        NUM_HISTORY_SHARDS: '128',
        DYNAMIC_CONFIG_FILE_PATH: path.join(OPS, 'dynamic-config.yaml'),
        PROMETHEUS_ENDPOINT: metrics,
        LOG_LEVEL: 'warn',
        TEMPORAL_ENTRYPOINT: entrypoint,
      },
      stopTimeoutMs: 30_000,
    });
    await server.waitUntilReady(() => isListening(grpc), { timeoutMs: READY_TIMEOUT_MS });
    const env = {
      PATH: database.PATH,
      HOME: directory,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      TEMPORAL_DEPLOYMENT_NAME: WORKER_DEPLOYMENT,
    };
    for (let time = 1; time <= 2; time += 1) await runScript('namespace.sh', env);
    return new Temporal(address, metrics, env);
  }

  /** Makes the version current if none is. */
  async firstVersion(buildId: string): Promise<void> {
    await runScript('first-version.sh', { ...this.#env, FEDIMG_BUILD_ID: buildId });
  }

  /** The documented command of an upgrade. False when Temporal refuses it. */
  async setCurrentVersion(buildId: string): Promise<boolean> {
    const version = ['--deployment-name', WORKER_DEPLOYMENT, '--build-id', buildId];
    const set = this.cli('worker', 'deployment', 'set-current-version', ...version, '--yes');
    return set.then(
      () => true,
      () => false,
    );
  }

  /** `draining`, `drained` and so on. */
  async drainage(buildId: string): Promise<string> {
    const version = ['--deployment-name', WORKER_DEPLOYMENT, '--build-id', buildId];
    const text = await this.cli(
      'worker',
      'deployment',
      'describe-version',
      ...version,
      '-o',
      'json',
    );
    const { drainageInfo } = JSON.parse(text) as { drainageInfo?: { drainageStatus?: string } };
    return drainageInfo?.drainageStatus ?? 'unknown';
  }

  async cli(...args: string[]): Promise<string> {
    const { stdout } = await execa('temporal', args, { env: this.#env, extendEnv: false });
    return stdout;
  }
}

/** Temporal's schema of PostgreSQL has these ports as small integers, and the kernel gives free ports above them. */
async function freeMemberPorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const isFree = await requirePortFree(port, 'Temporal').then(
      () => true,
      () => false,
    );
    if (isFree && !found.includes(port)) found.push(port);
  }
  return found;
}

/** The ports of the four roles; in the container they have their defaults. */
function portsOf({
  grpc,
  http,
  others,
  members,
}: {
  readonly grpc: number;
  readonly http: number;
  readonly others: readonly number[];
  readonly members: readonly number[];
}): NodeJS.ProcessEnv {
  const roles = ['FRONTEND', 'HISTORY', 'MATCHING', 'WORKER'];
  const memberships = roles.map((role, index) => [`${role}_MEMBERSHIP_PORT`, `${members[index]}`]);
  const calls = roles.slice(1).map((role, index) => [`${role}_GRPC_PORT`, `${others[index]}`]);
  return {
    FRONTEND_GRPC_PORT: `${grpc}`,
    FRONTEND_HTTP_PORT: `${http}`,
    ...(Object.fromEntries([...memberships, ...calls]) as Record<string, string>),
  };
}

async function runScript(name: string, env: NodeJS.ProcessEnv): Promise<void> {
  const run = await execa('sh', [path.join(OPS, name)], {
    env,
    extendEnv: false,
    all: true,
    reject: false,
    timeout: READY_TIMEOUT_MS,
  });
  if (run.exitCode !== 0)
    throw new Error(`${name} failed:\n${run.all.split('\n').slice(-15).join('\n')}`);
}
