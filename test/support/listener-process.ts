/** `fedimg listen` as a process of its own, of a local publisher. */

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startCli } from '../commands/run-cli.js';
import type { LocalPublisher } from './local-publisher.js';
import { until } from './until.js';

export class ListenerProcess {
  readonly #child: ChildProcess;
  #log = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
  }

  /** Resolves when it listens. */
  static async start({ configFile, env }: LocalPublisher): Promise<ListenerProcess> {
    const listener = new ListenerProcess(startCli(['listen', '--config', configFile], { env }));
    await until('it listens', () => {
      assert.equal(listener.#child.exitCode, null, listener.log);
      return listener.log.includes('"listening"');
    });
    return listener;
  }

  get log(): string {
    return this.#log;
  }

  /** As `kill -9`; does nothing to one that is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As its service manager stops it. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    assert.equal(this.#child.exitCode, 0, this.log);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
