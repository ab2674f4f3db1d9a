/** Turns disk files into block devices by loop devices, through one helper process that takes all of them back. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { keepAlive, releaseChild } from './keep-alive.js';
import { guestScriptFolder, requireHostTool, standardPath } from './host-tools.js';

type Answer = { readonly ok: boolean; readonly reason: string };

/** The helper runs only while there is a disk, and ends by itself when this process does. */
export class DiskKeeper {
  readonly #nodes = new Set<string>();
  #helper: Helper | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** Makes `node` the block device of `file`. Fails when the host gives no loop device. */
  attach(file: string, node: string): Promise<void> {
    return this.#inTurn(async () => {
      await rm(node, { force: true });
      await this.#ask(['attach', file, node], node);
      this.#nodes.add(node);
    });
  }

  /** Removes the node; writes that the guest has flushed are in the file afterwards. Safe to repeat. */
  detach(node: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#nodes.delete(node)) return;
      await rm(node, { force: true });
      await this.#ask(['detach', node], node);
      if (this.#nodes.size === 0) await this.#endHelper();
    });
  }

  /** Takes every device back. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#endHelper());
  }

  async #ask(words: readonly string[], node: string): Promise<void> {
    if (this.#helper === undefined) {
      const started = (this.#helper = new Helper());
      void started.ended.then(() => {
        if (this.#helper === started) this.#helper = undefined;
      });
    }
    const answer = await keepAlive(this.#helper.ask(words, node));
    if (!answer.ok)
      throw new Error(`the host gives no block device for ${words[1] ?? ''}: ${answer.reason}`);
  }

  /** One request at a time, so that answers cannot be mixed up. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work, work);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #endHelper(): Promise<void> {
    const helper = this.#helper;
    this.#helper = undefined;
    await helper?.end();
  }
}

/** The process that holds the loop devices (guest/disk-keeper.sh). */
class Helper {
  readonly ended: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<string, (answer: Answer) => void>();

  constructor() {
    const script = path.join(guestScriptFolder(), 'disk-keeper.sh');
    // Detached: an interrupt from the terminal must not end it before the guests.
    this.#child = spawn(requireHostTool('bash'), [script], {
      detached: true,
      env: { PATH: standardPath },
      stdio: 'pipe',
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const [word, node, reason] = line.split('\t');
      if (node === undefined) return;
      this.#waiting.get(node)?.({ ok: word === 'ok', reason: reason ?? '' });
      this.#waiting.delete(node);
    });
    this.#child.stderr.resume();
    this.#child.stdin.on('error', () => undefined);
    this.ended = new Promise<void>((resolve) => {
      this.#child.on('close', () => {
        for (const answer of this.#waiting.values()) {
          answer({ ok: false, reason: 'the helper ended' });
        }
        this.#waiting.clear();
        resolve();
      });
    });
    releaseChild(this.#child);
  }

  ask(words: readonly string[], node: string): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.set(node, resolve);
      this.#child.stdin.write(`${words.join('\t')}\n`);
    });
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await keepAlive(this.ended);
  }
}
