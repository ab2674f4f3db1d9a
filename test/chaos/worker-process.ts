/** One `fedimg worker` of the built program, with its own door to the cloud. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const alive = new Set<ChildProcess>();
// A driver that ends early must not leave workers, least of all paused ones.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface WorkerProcessOptions {
  readonly door: string;
  readonly configFile: string;
  readonly env: NodeJS.ProcessEnv;
  /** Each line that it logs. */
  readonly onLine: (line: string) => void;
}

export class WorkerProcess {
  readonly door: string;
  readonly ready: Promise<void>;
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  #asked = false;

  constructor({ door, configFile, env, onLine }: WorkerProcessOptions) {
    this.door = door;
    this.#child = spawn(process.execPath, [CLI, 'worker', '--config', configFile], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    alive.add(this.#child);
    this.ended = once(this.#child, 'exit').then(() => alive.delete(this.#child));
    const said: string[] = [];
    this.ready = new Promise((resolve, reject) => {
      if (this.#child.stderr === null) throw new TypeError('the worker has no standard error');
      createInterface(this.#child.stderr).on('line', (line) => {
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

  /** It ended though nobody asked it to. */
  get gaveUp(): boolean {
    return !this.isAlive && !this.#asked;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  kill(): Promise<unknown> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<unknown> {
    return this.#end('SIGTERM');
  }

  #end(signal: NodeJS.Signals): Promise<unknown> {
    this.#asked = true;
    this.#child.kill(signal);
    return this.ended;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }
}
