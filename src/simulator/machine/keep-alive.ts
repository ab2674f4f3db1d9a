/** Child processes of the machines keep the program running only while it waits for them. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** Lets the program end although this child and its pipes are still there. */
export function releaseChild(child: ChildProcessWithoutNullStreams): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    (stream as unknown as { unref?: () => void }).unref?.();
  }
}

/** Keeps the program running until the promise settles: what it waits for may all be released. */
export async function keepAlive<T>(awaited: Promise<T>): Promise<T> {
  const longMs = 1_000_000;
  const timer = setInterval(() => undefined, longMs);
  try {
    return await awaited;
  } finally {
    clearInterval(timer);
  }
}
