import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseDuration } from '../../src/model/duration.js';

describe('a duration', () => {
  it('is the sum of its parts', () => {
    const part = fc.tuple(fc.nat(99), fc.constantFrom('ms', 's', 'm', 'h', 'd'));
    const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([count, unit]) => `${count}${unit}`).join('');
        const sum = parts.reduce((total, [count, unit]) => total + count * unitMs[unit], 0);
        assert.equal(parseDuration(text), sum);
      }),
      { numRuns: 2000 },
    );
    for (const none of ['', '5', 's', '1 h', '-1h', '1.5h', '1H', 'P1D', '9'.repeat(19) + 'd']) {
      assert.equal(parseDuration(none), undefined, none);
    }
  });
});
