import assert from 'node:assert/strict';
import { createLatency } from '../../src/simulator/latency.js';
import { createRandom } from '../../src/simulator/random.js';

describe('the durations of the local cloud', () => {
  it('are the same ones, a tenth as long, at a scale of 0.1', () => {
    const whole = createLatency('aws', createRandom(1, 0));
    const tenth = createLatency('aws', createRandom(1, 0), 0.1);
    for (const name of ['snapshotCopy', 'guestBoot', 'imagePending'] as const) {
      const ms = whole.draw(name);
      assert.ok(ms >= 5_000, `${name} takes ${ms} ms`);
      const scaled = tenth.draw(name);
      assert.ok(Math.abs(scaled - ms / 10) <= 1, `${name}: ${scaled} ms of ${ms} ms`);
    }
  });
});
