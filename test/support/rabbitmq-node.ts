/** One RabbitMQ node as a child process: its folder, its environment, its start and its end. */

import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcessHandle } from '../../src/local/processes/child-process.js';
import type { ChildProcesses } from '../../src/local/processes/child-processes.js';
import { createChildProcesses } from '../../src/local/processes/child-processes.js';
import { isListening } from '../../src/local/processes/free-port.js';
import { signalGroup } from '../../src/local/processes/process-group.js';
import { RabbitControl } from './rabbitmq-control.js';
import type { BrokerSettings } from './rabbitmq-definitions.js';

export interface NodePorts {
  readonly amqp: number;
  readonly amqps: number;
  readonly distribution: number;
}

/** Not /usr/sbin's: that one is for root only, and runs the server as another user. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const NODE_NAME = 'fedimg@localhost';
/** 4.4 s on two idle cores, 18 s at nine times the load that they can carry. */
const START_LIMIT_MS = 120_000;
/** It writes queues on the way out. */
const STOP_LIMIT_MS = 60_000;
const LOG_LINES = 100;

/** Somebody took a port of the node between its choice and its use. */
export class PortTakenError extends Error {
  constructor() {
    super('a port of the broker is taken (eaddrinuse)');
    this.name = 'PortTakenError';
  }
}

export class RabbitNode {
  readonly ports: NodePorts;
  readonly directory: string;
  readonly control: RabbitControl;
  readonly #processes: ChildProcesses;
  #child: ChildProcessHandle | undefined;

  private constructor(directory: string, ports: NodePorts) {
    this.directory = directory;
    this.ports = ports;
    this.control = new RabbitControl(ports.distribution, directory);
    this.#processes = createChildProcesses({
      logDir: directory,
      log: (line) => console.error(line),
    });
  }

  /** A folder for a node that is yet to be started. */
  static async create(ports: NodePorts, server = SERVER): Promise<RabbitNode> {
    await access(server).catch(() => {
      throw new Error(
        'RabbitMQ is not installed, and this test needs it (Debian: apt-get install rabbitmq-server; ' +
          'its service need not run)',
      );
    });
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-rabbitmq-'));
    await mkdir(join(directory, 'log'));
    await writeFile(join(directory, '.erlang.cookie'), randomUUID(), { mode: 0o400 });
    await writeFile(join(directory, 'enabled_plugins'), '[rabbitmq_auth_mechanism_ssl].\n');
    return new RabbitNode(directory, ports);
  }

  get pid(): number | undefined {
    return this.#child?.isRunning() === true ? this.#child.pid : undefined;
  }

  /** Returns when clients can log in. Throws `PortTakenError`, after which it is not running. */
  async start(settings: BrokerSettings): Promise<void> {
    if (this.pid !== undefined) throw new Error('the broker is running already');
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
    await writeFile(join(this.directory, 'rabbitmq.conf'), lines.join(''));
    const child = this.#processes.start({
      name: 'rabbitmq',
      command: SERVER,
      // Where Erlang leaves a crash dump.
      cwd: this.directory,
      env: this.#environment(),
      stopTimeoutMs: STOP_LIMIT_MS,
    });
    this.#child = child;
    const { amqp, amqps } = this.ports;
    // A node of which only one listener fails neither serves nor ends: its log is all that tells.
    const isPortTaken = (): boolean => child.lastLogLines(LOG_LINES).includes('eaddrinuse');
    // The listener is asked first, as asking the node costs a process.
    const isServing = async (): Promise<boolean> =>
      (await isListening(amqps)) && (await this.control.isServing([amqp, amqps]));
    try {
      const isDecided = async (): Promise<boolean> => isPortTaken() || (await isServing());
      await child.waitUntilReady(isDecided, { timeoutMs: START_LIMIT_MS });
    } catch (error) {
      if (!isPortTaken()) throw error;
    }
    if (!isPortTaken()) return;
    await this.kill();
    throw new PortTakenError();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) signalGroup(this.pid, signal);
  }

  /** A signal is on its way for a moment, while the node's threads go on. */
  async isStopped(): Promise<boolean> {
    const tasks = `/proc/${this.pid}/task`;
    const stats = (await readdir(tasks)).map((task) => readFile(join(tasks, task, 'stat'), 'utf8'));
    // "pid (name) state ..."
    return (await Promise.all(stats)).every((stat) => /^.*\) T/.test(stat));
  }

  /** As a service manager does it; the data stays. */
  async stop(): Promise<void> {
    // Who is frozen hears nothing of an orderly end.
    this.signal('SIGCONT');
    await this.#child?.stop();
  }

  /** As a crash does it. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#child?.stop();
  }

  /** Ends it and removes its folder. Safe to repeat. */
  async close(): Promise<void> {
    this.signal('SIGCONT');
    await this.#processes.stopAll();
    await rm(this.directory, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    const own = (name: string): string => join(this.directory, name);
    return {
      PATH: process.env['PATH'],
      HOME: this.directory,
      LANG: 'C.UTF-8',
      // Else a shell stays in front of the node, and SIGKILL would end only that one.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_NODENAME: NODE_NAME,
      // Each has a default in /etc or /var, which are the system's.
      RABBITMQ_CONF_ENV_FILE: own('rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: own('rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: own('advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: own('enabled_plugins'),
      RABBITMQ_MNESIA_BASE: own('mnesia'),
      RABBITMQ_LOG_BASE: own('log'),
      RABBITMQ_PID_FILE: own('pid'),
      RABBITMQ_LOGS: '-',
      // Tables for a million processes, and schedulers for each core, are for other loads than a test's.
      RABBITMQ_MAX_NUMBER_OF_PROCESSES: '65536',
      ERL_MAX_PORTS: '4096',
      ERL_MAX_ETS_TABLES: '4096',
      // With a port of its own, a node needs no epmd, which would outlive it and be there for all machines. In
      // each Erlang's flags, as the node starts another one every minute that is to bring epmd back.
      ERL_AFLAGS: '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
        '+S 1:1 +SDcpu 1:1 +SDio 2',
        `-sname ${NODE_NAME} -erl_epmd_port ${this.ports.distribution}`,
      ].join(' '),
    };
  }
}
