/** Changes of calls that run at the same time. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mock } from 'node:test';
import { openStore } from '../../../src/simulator/store/store.js';

interface Latch {
  readonly opened: Promise<void>;
  open(): void;
}

function latch(): Latch {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

describe('simulator: store', () => {
  it('leaves no storage behind when it is closed: each one slows every later promise of the process', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'fedimg-store-'));
    const store = openStore(directory);
    await store.asOneCall(() => Promise.resolve());
    const { mock: disabled } = mock.method(AsyncLocalStorage.prototype, 'disable');
    try {
      store.close();
      assert.equal(disabled.callCount(), 1);
    } finally {
      disabled.restore();
      await rm(directory, { recursive: true });
    }
  });

  it('does not write one call’s changes into the line of another that runs at the same time', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'fedimg-store-'));
    const store = openStore(directory);
    try {
      const table = store.table<number>('t');
      const gate = latch();
      const later = latch();
      let background: Promise<void> | undefined;
      const slow = store.asOneCall(async () => {
        table.put('slow', 1);
        background = later.opened.then(() => table.put('later', 1));
        await gate.opened;
        table.put('slow again', 1);
        return store.takeChanges();
      });
      const quick = await store.asOneCall(() => {
        table.put('quick', 1);
        return Promise.resolve(store.takeChanges());
      });
      assert.deepEqual(quick, ['t/quick']);
      gate.open();
      assert.deepEqual(await slow, ['t/slow', 't/slow again']);
      later.open();
      await background;
      assert.deepEqual(store.takeChanges(), ['t/later']);
    } finally {
      store.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
