import assert from 'node:assert/strict';
import { VirtualClock } from './virtual-clock.js';

const HOUR_MS = 3_600_000;

describe('the virtual clock', () => {
  it('ends an hour of waiting at once, and what the cloud has scheduled for that hour comes first', async () => {
    const clock = new VirtualClock({ jumps: true });
    const begunMs = clock.now();
    const order: string[] = [];
    clock.schedule(HOUR_MS / 2, () => order.push(`cloud ${minutes(clock, begunMs)}`));
    await clock.delay(HOUR_MS);
    order.push(`publisher ${minutes(clock, begunMs)}`);
    assert.deepEqual(order, ['cloud 30', 'publisher 60']);
  });

  it('does not jump while work holds it', async () => {
    const clock = new VirtualClock({ jumps: true });
    const release = clock.hold();
    let isOver = false;
    const waiting = clock.delay(HOUR_MS).then(() => (isOver = true));
    await aFreeClockJumps();
    assert.equal(isOver, false);
    release();
    await waiting;
  });

  it('does not jump to a timer of the cloud that the publisher does not wait for', async () => {
    const clock = new VirtualClock({ jumps: true });
    let hasFired = false;
    const cancel = clock.schedule(HOUR_MS, () => (hasFired = true));
    await clock.delay(1_000);
    await aFreeClockJumps();
    assert.equal(hasFired, false);
    cancel();
  });

  it('lets time pass when a test says so, with all that ends in it', async () => {
    const clock = new VirtualClock({ jumps: false });
    const begunMs = clock.now();
    const waiting = clock.delay(HOUR_MS);
    clock.advance(HOUR_MS);
    await waiting;
    assert.equal(minutes(clock, begunMs), 60);
  });

  it('ends a short wait while work holds it: time itself never stands still', async () => {
    const clock = new VirtualClock({ jumps: true });
    const release = clock.hold();
    await clock.delay(5);
    release();
  });

  it('rejects an aborted wait with an AbortError, and forgets its timer', async () => {
    const clock = new VirtualClock({ jumps: true });
    const begunMs = clock.now();
    const end = new AbortController();
    const release = clock.hold();
    const waiting = clock.delay(HOUR_MS, end.signal);
    end.abort(new Error('cancelled'));
    await assert.rejects(waiting, { name: 'AbortError' });
    release();
    await clock.delay(60_000);
    assert.equal(minutes(clock, begunMs), 1);
  });
});

/** Long enough for a jump. */
async function aFreeClockJumps(): Promise<void> {
  const free = new VirtualClock({ jumps: true });
  for (let jump = 0; jump < 3; jump += 1) await free.delay(HOUR_MS);
}

function minutes(clock: VirtualClock, begunMs: number): number {
  return Math.round((clock.now() - begunMs) / 60_000);
}
