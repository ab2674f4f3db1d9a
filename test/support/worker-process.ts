/** Worker processes, as `fedimg worker` starts them; none outlives the process that started it, however that ends. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { OrphanGuard } from '../../src/local/processes/orphan-guard.js';
import { startOrphanGuard } from '../../src/local/processes/orphan-guard.js';
import { cliProgram } from './cli-program.js';
import type { LocalPublisher } from './local-publisher.js';

let guard: OrphanGuard | undefined;

export interface WorkerProcessOptions {
  /** For node: the program, and how it is loaded. */
  readonly program: readonly string[];
  readonly configFile: string;
  readonly env: NodeJS.ProcessEnv;
  /** Each line that it logs. */
  readonly onLine: (line: string) => void;
}

export class WorkerProcess {
  readonly ready: Promise<void>;
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  #asked = false;

  constructor({ program, configFile, env, onLine }: WorkerProcessOptions) {
    const child = spawn(process.execPath, [...program, 'worker', '--config', configFile], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own, by which the guard knows it.
      detached: true,
    });
    this.#child = child;
    const pid = child.pid;
    if (pid === undefined || child.stderr === null) throw new TypeError('no worker was started');
    guard ??= startOrphanGuard((line) => console.error(line));
    guard.add(pid);
    this.ended = once(child, 'exit').then(() => guard?.remove(pid));
    const lines = createInterface(child.stderr);
    this.ready = new Promise((resolve, reject) => {
      const said: string[] = [];
      lines.on('line', (line) => {
        said.push(line);
        if (said.length > 20) said.shift();
        if (line.includes('worker is ready')) resolve();
        onLine(line);
      });
      void this.ended.then(() => reject(new Error(`the worker ended: ${said.join('\n')}`)));
    });
    // Who does not wait for it does not hear of it either.
    this.ready.catch(() => undefined);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** It ended by itself. */
  get gaveUp(): boolean {
    return !this.isAlive && !this.#asked;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  kill(): Promise<unknown> {
    return this.#end('SIGKILL');
  }

  /** SIGTERM, as a service manager does; resolves when the process has ended. */
  stop(): Promise<unknown> {
    return this.#end('SIGTERM');
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  #end(signal: NodeJS.Signals): Promise<unknown> {
    this.#asked = true;
    this.#child.kill(signal);
    return this.ended;
  }
}

/** Runs `body` with workers of the sources that it starts; those that are left are stopped behind it. */
export async function withWorkers<T>(
  { configFile, env }: LocalPublisher,
  body: (start: () => WorkerProcess) => Promise<T>,
): Promise<T> {
  const workers: WorkerProcess[] = [];
  const program = cliProgram();
  const isLogged = process.env['FEDIMG_TEST_LOG'] !== undefined;
  const onLine = (line: string): void => {
    if (isLogged) process.stderr.write(`${line}\n`);
  };
  const start = (): WorkerProcess => {
    const worker = new WorkerProcess({ program, configFile, env, onLine });
    workers.push(worker);
    return worker;
  };
  try {
    return await body(start);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}
