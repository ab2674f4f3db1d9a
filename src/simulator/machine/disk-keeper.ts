/** Turns disk files into block devices by loop devices, through one helper process that takes all of them back. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { keepAlive, releaseChild } from './keep-alive.js';
import { guestScriptFolder, requireHostTool, standardPath } from './host-tools.js';

export interface DiskKeeper {
  /** Makes `node` the block device of `file`. Fails when the host gives no loop device. */
  attach(file: string, node: string): Promise<void>;
  /** Removes the node; writes that the guest has flushed are in the file afterwards. Safe to repeat. */
  detach(node: string): Promise<void>;
  /** Takes every device back. */
  close(): Promise<void>;
}

interface Helper {
  readonly child: ChildProcessWithoutNullStreams;
  readonly waiting: Map<string, (answer: { ok: boolean; reason: string }) => void>;
  readonly ended: Promise<void>;
}

/** The helper runs only while there is a disk, and ends by itself when this process does. */
export function createDiskKeeper(): DiskKeeper {
  const nodes = new Set<string>();
  let helper: Helper | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  function start(): Helper {
    const script = path.join(guestScriptFolder(), 'disk-keeper.sh');
    // Detached: an interrupt from the terminal must not end it before the guests.
    const child = spawn(requireHostTool('bash'), [script], {
      detached: true,
      env: { PATH: standardPath },
      stdio: 'pipe',
    });
    const waiting: Helper['waiting'] = new Map();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word, node, reason] = line.split('\t');
      if (node === undefined) return;
      waiting.get(node)?.({ ok: word === 'ok', reason: reason ?? '' });
      waiting.delete(node);
    });
    child.stderr.resume();
    child.stdin.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => {
      child.on('close', () => {
        for (const answer of waiting.values()) answer({ ok: false, reason: 'the helper ended' });
        waiting.clear();
        if (helper?.child === child) helper = undefined;
        resolve();
      });
    });
    releaseChild(child);
    return { child, waiting, ended };
  }

  async function ask(words: readonly string[], node: string): Promise<void> {
    const current = (helper ??= start());
    const answer = await keepAlive(
      new Promise<{ ok: boolean; reason: string }>((resolve) => {
        current.waiting.set(node, resolve);
        current.child.stdin.write(`${words.join('\t')}\n`);
      }),
    );
    if (!answer.ok) throw new Error(`no block device for ${words[1] ?? ''}: ${answer.reason}`);
  }

  /** One request at a time, so that answers cannot be mixed up. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  }

  async function endHelper(): Promise<void> {
    const current = helper;
    if (current === undefined) return;
    helper = undefined;
    current.child.stdin.end();
    await keepAlive(current.ended);
  }

  return {
    attach: (file, node) =>
      inTurn(async () => {
        await ask(['attach', file, node], node);
        nodes.add(node);
      }),
    detach: (node) =>
      inTurn(async () => {
        if (!nodes.delete(node)) return;
        await ask(['detach', node], node);
        if (nodes.size === 0) await endHelper();
      }),
    close: () => inTurn(endHelper),
  };
}
