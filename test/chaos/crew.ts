/** The workers of one scenario on one lane: they outlive runs, and a killed one is replaced. */

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../src/commands/shared/exit-codes.js';
import { agentKeyFile } from '../../src/simulator/index.js';
import type { CloudProxy } from './cloud-proxy.js';
import type { Scenario } from './scenario.js';
import { HOME, settingsOf } from './scenario.js';
import { WorkerProcess } from '../support/worker-process.js';

export const DEPLOYMENT = 'chaos';

/** A heartbeat time-out of three seconds: a busy machine stays below it, and a dead worker is soon noticed. */
export const TIME_SCALE = 0.2;

const RESTART_MS = 500;
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Message {
  readonly topic: string;
  readonly messageKey: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly time: number;
}

export interface CrewOptions {
  readonly scenario: Scenario;
  /** Of the sweep's grace period, which is a minute without it. */
  readonly timeScale?: number;
  readonly directory: string;
  readonly taskQueue: string;
  readonly sourceUrl: string;
  readonly proxy: CloudProxy;
  /** Temporal's and AWS's variables. */
  readonly env: NodeJS.ProcessEnv;
  /** Must appear in no line of a log. */
  readonly secret: string;
}

export class Crew {
  readonly taskQueue: string;
  /** In the order in which workers logged them. */
  readonly messages: Message[] = [];
  /** Lines of logs that tell the secret. */
  readonly leaks: string[] = [];
  /** Workers that ended for a reason that is none. */
  readonly collapses: string[] = [];
  readonly #options: CrewOptions;
  /** By the door through which each calls the cloud. */
  readonly #workers = new Map<string, WorkerProcess>();
  #started = 0;
  #closed = false;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.taskQueue = options.taskQueue;
  }

  async writeConfig(): Promise<void> {
    const { directory, scenario, sourceUrl, timeScale = TIME_SCALE } = this.#options;
    const { regions, testPasses, waitsForOperator, strategy, copyStart } = settingsOf(scenario);
    await mkdir(directory, { recursive: true });
    const script = join(directory, 'test.sh');
    await writeFile(script, `#!/bin/bash\necho tested\nexit ${testPasses ? 0 : 3}\n`);
    await chmod(script, 0o700);
    const lines = [
      `deployment = "${DEPLOYMENT}"`,
      ...['[[amis]]', `region = "${HOME}"`, 'ami = "al2023"', 'arch = "x86_64"'],
      ...['[publish]', `regions = ${JSON.stringify(regions)}`],
      // By the scale, twelve seconds.
      ...(waitsForOperator
        ? ['operator_patience = "60s"', 'approval = "before-publish"']
        : ['operator_patience = "0s"']),
      ...['[write]', `strategy = "${strategy}"`, '[copy]', `start = "${copyStart}"`],
      ...['[utility]', 'instance_types = ["m5.large", "m5.xlarge"]'],
      'instance_profile = "fedimg-utility"',
      ...['[test]', 'script = "test.sh"', 'instance_profile = "fedimg-test"'],
      `agent_key = "${agentKeyFile}"`,
      'instance_types = { x86_64 = ["t3.small", "t3.medium"], aarch64 = ["t4g.small"] }',
      ...['[source]', `allow = ["${sourceUrl}/"]`, 'min_rate_bytes_per_second = 0'],
      // By hand only, so that a sweep is always the run's own; young things go after six seconds.
      ...['[sweep]', 'enabled = false', 'grace = "1m"'],
      ...['[worker]', `task_queue = "${this.taskQueue}"`, 'shutdown_grace = "1s"'],
      ...['[timing]', 'poll_interval = "200ms"', 'command_poll_interval = "200ms"'],
      `scale = ${timeScale}`,
      // Each message is a line of the log at this level.
      ...['[log]', 'level = "debug"'],
    ];
    await writeFile(this.#configFile, `${lines.join('\n')}\n`);
  }

  get #configFile(): string {
    return join(this.#options.directory, 'fedimg.toml');
  }

  /** Starts one more worker; does not wait until it polls. */
  async start(): Promise<WorkerProcess | undefined> {
    if (this.#closed) return undefined;
    const { proxy, env, secret } = this.#options;
    this.#started += 1;
    const door = `${this.taskQueue}-${this.#started}`;
    const endpoint = await proxy.open(door);
    const worker = new WorkerProcess({
      program: [CLI],
      configFile: this.#configFile,
      env: { ...env, AWS_ENDPOINT_URL: endpoint },
      onLine: (line) => {
        if (line.includes(secret)) this.leaks.push(line);
        if (line.includes('"msg":"message"')) this.messages.push(messageOf(line));
      },
    });
    this.#workers.set(door, worker);
    void worker.ended.then(async () => {
      this.#workers.delete(door);
      await proxy.shut(door);
      if (worker.gaveUp) await this.#restart(worker);
    });
    return worker;
  }

  /** As a service manager does; that Temporal is down at its start is the one reason to give up. */
  async #restart({ exitCode }: WorkerProcess): Promise<void> {
    if (exitCode !== EXIT.unreachable) {
      this.collapses.push(`a worker ended by itself with status ${exitCode}`);
    }
    await delay(RESTART_MS);
    await this.start();
  }

  worker(door: string): WorkerProcess | undefined {
    return this.#workers.get(door);
  }

  /** Exactly one worker, and it polls: what a run begins with. */
  async muster(): Promise<void> {
    const [first, ...others] = [...this.#workers.values()];
    await Promise.all(others.map((worker) => worker.kill()));
    const worker = first ?? (await this.start());
    await worker?.ready;
  }

  get isUp(): boolean {
    return [...this.#workers.values()].some(({ isAlive }) => isAlive);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.kill()));
  }
}

function messageOf(line: string): Message {
  const { topic, messageKey, body, time } = JSON.parse(line) as Message;
  return { topic, messageKey, body, time };
}
