/** EBS direct APIs: writes that are under way when a snapshot is completed. */

import assert from 'node:assert/strict';
import { isSealing, seal, writeInTurn } from '../../../src/simulator/ebs/lib/pending-writes.js';
import type { SnapshotRecord } from '../../../src/simulator/store/state.js';

const snapshotStub = (): SnapshotRecord => ({ id: 'snap-1' }) as SnapshotRecord;

interface Held {
  readonly done: Promise<void>;
  readonly release: () => void;
}

function held(): Held {
  let release = (): void => undefined;
  const done = new Promise<void>((resolve) => (release = resolve));
  return { done, release };
}

/** Lets everything happen that waits for no more than promises. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('EBS direct APIs: writes under way', () => {
  it('are waited for before the snapshot is checked, and no new one begins', async () => {
    const snapshot = snapshotStub();
    const block = held();
    const written = writeInTurn(snapshot, 0, () => block.done);
    let isSealed = false;
    const sealed = seal(snapshot).then(() => (isSealed = true));
    assert.equal(isSealing(snapshot), true);
    await settled();
    assert.equal(isSealed, false);
    block.release();
    await Promise.all([written, sealed]);
    assert.equal(isSealed, true);
  });

  it('to one block follow each other, also after one that failed', async () => {
    const snapshot = snapshotStub();
    const first = held();
    const order: string[] = [];
    const one = writeInTurn(snapshot, 7, async () => {
      await first.done;
      order.push('one');
      throw new Error('the disk is full');
    });
    const two = writeInTurn(snapshot, 7, () => Promise.resolve(void order.push('two')));
    await writeInTurn(snapshot, 8, () => Promise.resolve(void order.push('another block')));
    first.release();
    await assert.rejects(one, /disk is full/);
    await two;
    assert.deepEqual(order, ['another block', 'one', 'two']);
  });
});
