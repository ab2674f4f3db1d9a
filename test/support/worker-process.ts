/** Worker processes, as `fedimg worker` starts them. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LocalPublisher } from './local-publisher.js';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export class WorkerProcess {
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(publisher: LocalPublisher) {
    const args = ['--import', 'tsx', CLI, 'worker', '--config', publisher.configFile];
    this.#child = spawn(process.execPath, args, {
      env: publisher.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#ended = once(this.#child, 'exit');
    this.ready = new Promise((resolve, reject) => {
      let said = '';
      this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        if (process.env['FEDIMG_TEST_LOG'] !== undefined) process.stderr.write(text);
        said = `${said}${text}`.slice(-4_000);
        if (said.includes('worker is ready')) resolve();
      });
      void this.#ended.then(() => reject(new Error(`the worker ended: ${said}`)));
    });
    // Who does not wait for it does not hear of it either.
    this.ready.catch(() => undefined);
  }

  /** SIGTERM, as a service manager does; resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Runs `body` with workers that it starts; those that are left are stopped behind it. */
export async function withWorkers<T>(
  publisher: LocalPublisher,
  body: (start: () => WorkerProcess) => Promise<T>,
): Promise<T> {
  const workers: WorkerProcess[] = [];
  const start = (): WorkerProcess => {
    const worker = new WorkerProcess(publisher);
    workers.push(worker);
    return worker;
  };
  try {
    return await body(start);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}
