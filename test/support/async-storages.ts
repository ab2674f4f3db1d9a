/**
 * Node carries every AsyncLocalStorage that is in use along with each promise of the process, until it is disabled.
 * Each connection of the SDK has two of its own and disables neither when it closes.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

type Storage = AsyncLocalStorage<unknown>;

const used = new Set<Storage>();

/** To be called before the first connection. */
export function watchAsyncStorages(): void {
  const { prototype } = AsyncLocalStorage as unknown as { readonly prototype: Storage };
  const run = Reflect.get(prototype, 'run') as (...args: unknown[]) => unknown;
  Reflect.set(prototype, 'run', function (this: Storage, ...args: unknown[]): unknown {
    used.add(this);
    return run.apply(this, args);
  });
}

/** To be called while nothing runs in any of them: one that is used again comes back. */
export function disableAsyncStorages(): void {
  for (const storage of used) storage.disable();
  used.clear();
}
