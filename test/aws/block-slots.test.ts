import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { BlockPlace } from '../../src/aws/ebs/block-slots.js';
import { BLOCKS_AT_ONCE, BlockSlots } from '../../src/aws/ebs/block-slots.js';
import { VirtualClock } from '../support/virtual-clock.js';

const { signal } = new AbortController();

function slots(): { readonly slots: BlockSlots; readonly clock: VirtualClock } {
  const clock = new VirtualClock({ jumps: true });
  return { slots: new BlockSlots(clock), clock };
}

async function takeAll(all: BlockSlots): Promise<BlockPlace[]> {
  const taken: BlockPlace[] = [];
  for (let n = 0; n < BLOCKS_AT_ONCE; n += 1) taken.push(await all.take(signal));
  return taken;
}

describe('the blocks that a worker has in memory', () => {
  it('are never more than there are places, however many images it writes', async () => {
    const all = slots().slots;
    const [first, second] = await takeAll(all);
    assert.equal(all.takeFree(), undefined);
    let isThere = false;
    const next = all.take(signal).then((place) => {
      isThere = true;
      return place;
    });
    await turn();
    assert.equal(isThere, false);
    first?.release();
    // One place, even when it is given back twice.
    first?.release();
    await next;
    assert.equal(all.takeFree(), undefined);
    second?.release();
    assert.notEqual(all.takeFree(), undefined);
  });

  it('do not wait for an image that was cancelled while it waited', async () => {
    const all = slots().slots;
    const [first] = await takeAll(all);
    const cancel = new AbortController();
    const cancelled = all.take(cancel.signal);
    const next = all.take(signal);
    cancel.abort();
    await assert.rejects(cancelled);
    first?.release();
    await next;
  });

  it('stay below the quota of calls a second, for writes and reads each', async () => {
    const { slots: all, clock } = slots();
    const began = clock.elapsed();
    for (let n = 0; n < 2_000; n += 1) await all.pace('put', signal);
    const seconds = (clock.elapsed() - began) / 1_000;
    assert(2_000 / seconds < 1_000, `2000 calls in ${seconds} s`);
  });
});
