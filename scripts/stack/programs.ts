/** fedimg's own processes and the local cloud, each as a service manager runs it. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLocalCredentials } from '../../src/local/credentials.js';
import { awsVariables, environmentForLocalCloud } from '../../src/local/environment.js';
import type { ChildProcessHandle } from '../../src/local/processes/child-process.js';
import type { ChildProcesses } from '../../src/local/processes/child-processes.js';
import { reserveFreePort } from '../../src/local/processes/free-port.js';
import { environmentForServer } from '../../src/local/temporal/environment.js';
import { publisherAccount } from '../../src/simulator/index.js';
import { NAMESPACE, WORKER_DEPLOYMENT } from './temporal.js';

const FEDIMG = fileURLToPath(new URL('../../bin/fedimg.js', import.meta.url));
const READY_TIMEOUT_MS = 120_000;
/** A worker takes shutdown_grace and 15 s at most. */
const STOP_TIMEOUT_MS = 60_000;

export interface Program {
  readonly child: ChildProcessHandle;
  /** Where it serves its metrics, or its page. */
  readonly address: string;
}

export interface ProgramsOptions {
  readonly processes: ChildProcesses;
  readonly directory: string;
  readonly configFile: string;
  readonly temporalAddress: string;
}

export class Programs {
  readonly simulatorUrl: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #options: ProgramsOptions;

  private constructor(options: ProgramsOptions, simulatorUrl: string, env: NodeJS.ProcessEnv) {
    this.#options = options;
    this.simulatorUrl = simulatorUrl;
    this.env = env;
  }

  /** With the local cloud running. */
  static async start(options: ProgramsOptions): Promise<Programs> {
    const { processes, directory, temporalAddress: address } = options;
    const port = await reserveFreePort();
    const url = `http://127.0.0.1:${port}`;
    const aws = awsVariables(url, createLocalCredentials());
    const server = environmentForServer({ address, namespace: NAMESPACE });
    const programs = new Programs(options, url, environmentForLocalCloud(server, aws));
    const settings = JSON.stringify(publisherAccount, (_, value: unknown) => value ?? null);
    const state = ['--state', path.join(directory, 'cloud'), '--latency', 'fast'];
    const cloud = processes.start({
      name: 'simulator',
      command: process.execPath,
      args: [FEDIMG, 'simulator', '--port', `${port}`, ...state, '--settings', settings],
      env: programs.env,
    });
    const isReady = async (): Promise<boolean> => (await fetch(`${url}/_fedimg/calls`)).ok;
    await cloud.waitUntilReady(isReady, { timeoutMs: READY_TIMEOUT_MS });
    return programs;
  }

  /** `name` is of the log file. Returns when it polls. */
  async worker(name: string, buildId: string): Promise<Program> {
    return this.#start(name, ['worker'], {
      FEDIMG_BUILD_ID: buildId,
      TEMPORAL_DEPLOYMENT_NAME: WORKER_DEPLOYMENT,
    });
  }

  async listener(): Promise<Program> {
    return this.#start('listener', ['listen'], {});
  }

  async dashboard(): Promise<Program> {
    const address = `127.0.0.1:${await reserveFreePort()}`;
    return this.#run('dashboard', ['dashboard', '--listen', address], { address, env: {} });
  }

  async #start(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Program> {
    const address = `127.0.0.1:${await reserveFreePort()}`;
    return this.#run(name, args, { address, env: { ...env, FEDIMG_METRICS: address } });
  }

  async #run(
    name: string,
    args: readonly string[],
    { address, env }: { readonly address: string; readonly env: NodeJS.ProcessEnv },
  ): Promise<Program> {
    const { processes, configFile } = this.#options;
    const child = processes.start({
      name,
      command: process.execPath,
      args: [FEDIMG, ...args, '--config', configFile],
      env: { ...this.env, ...env },
      stopTimeoutMs: STOP_TIMEOUT_MS,
    });
    // What `fedimg health` asks.
    const isReady = async (): Promise<boolean> => (await fetch(`http://${address}/healthz`)).ok;
    await child.waitUntilReady(isReady, { timeoutMs: READY_TIMEOUT_MS, intervalMs: 200 });
    return { child, address };
  }
}
