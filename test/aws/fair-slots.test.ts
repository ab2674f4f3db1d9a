import assert from 'node:assert/strict';
import { FairSlots } from '../../src/aws/fair-slots.js';

const never = new AbortController().signal;

/** Work that ends when it is told to. */
function bench(slots: FairSlots) {
  const running: { readonly name: string; readonly end: () => void }[] = [];
  const begun: string[] = [];
  const want = (key: string, name: string, signal = never): Promise<void> =>
    slots.hold(key, signal, () => {
      begun.push(name);
      return new Promise((resolve) => running.push({ name, end: resolve }));
    });
  const endOne = async (): Promise<void> => {
    await new Promise(setImmediate);
    running.shift()?.end();
    await new Promise(setImmediate);
  };
  return { want, begun, endOne, running };
}

describe('slots that are shared out', () => {
  it('go to the small compose between those of the large one, which came first', async () => {
    const { want, begun, endOne } = bench(new FairSlots(2));
    const all = ['large 1', 'large 2', 'large 3', 'large 4', 'large 5'].map((name) =>
      want('large', name),
    );
    all.push(want('small', 'small 1'));
    for (let count = 0; count < 6; count += 1) await endOne();
    await Promise.all(all);
    assert.deepEqual(begun.slice(0, 4), ['large 1', 'large 2', 'large 3', 'small 1']);
    assert.equal(begun.length, 6);
  });

  it('are never more than there are', async () => {
    const { want, endOne, running } = bench(new FairSlots(3));
    const all = Array.from({ length: 10 }, (_one, index) => want('key', `${index}`));
    for (let count = 0; count < 10; count += 1) {
      await new Promise(setImmediate);
      assert(running.length <= 3, String(running.length));
      await endOne();
    }
    await Promise.all(all);
  });

  it('are not lost with work that is cancelled while it waits, or that fails', async () => {
    const slots = new FairSlots(1);
    const { want, endOne } = bench(slots);
    const first = want('a', 'first');
    const cancel = new AbortController();
    const cancelled = want('a', 'cancelled', cancel.signal);
    cancel.abort(new Error('the run was cancelled'));
    await assert.rejects(cancelled, /the run was cancelled/);
    await endOne();
    await first;
    await assert.rejects(
      slots.hold('a', never, () => Promise.reject(new Error('refused'))),
      /refused/,
    );
    await slots.hold('a', never, () => Promise.resolve());
    assert.equal(slots.waiting, 0);
  });
});
