import assert from 'node:assert/strict';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { repeatRounds, untilVisible } from '../../src/aws/until-visible.js';
import { steppedClock } from './stepped-clock.js';

const { signal } = new AbortController();

function regionWith(visibilityMs: number) {
  const clock = steppedClock();
  const settings = { ...AWS_DEFAULTS, visibilityMs };
  return { clock, ec2: { clock, settings } as unknown as RegionAccess };
}

describe('a look at what EC2 may show late', () => {
  it('is repeated until EC2 shows it', async () => {
    const { ec2, clock } = regionWith(60_000);
    let looks = 0;
    const look = () => Promise.resolve((looks += 1) === 3 ? 'snap-1' : undefined);
    assert.equal(await untilVisible(ec2, look, { signal }), 'snap-1');
    assert.deepEqual(clock.delays, [2_000, 2_000]);
  });

  it('ends without a result only when the visibility window is over', async () => {
    const { ec2, clock } = regionWith(60_000);
    const look = () => Promise.resolve(undefined);
    assert.equal(await untilVisible(ec2, look, { signal }), undefined);
    assert.equal(clock.elapsed(), 60_000);
  });

  it('is one look where an earlier attempt cannot have made it', async () => {
    const { ec2, clock } = regionWith(60_000);
    const look = () => Promise.resolve(undefined);
    assert.equal(await untilVisible(ec2, look, { signal, mayExist: false }), undefined);
    assert.deepEqual(clock.delays, []);
  });

  it('asks four times within a short window', async () => {
    const { ec2, clock } = regionWith(400);
    await untilVisible(ec2, () => Promise.resolve(undefined), { signal });
    assert.deepEqual(clock.delays, [100, 100, 100, 100]);
  });

  it('ends when the activity is cancelled', async () => {
    const { ec2 } = regionWith(60_000);
    const cancelled = AbortSignal.abort(new Error('cancelled'));
    const waiting = untilVisible(ec2, () => Promise.resolve(undefined), { signal: cancelled });
    await assert.rejects(waiting, /cancelled/);
  });
});

describe('a removal', () => {
  it('is repeated, at a slower pace, for as long as its end is not certain', async () => {
    const { ec2, clock } = regionWith(60_000);
    let rounds = 0;
    await repeatRounds(ec2, () => Promise.resolve((rounds += 1)), {
      signal,
      isOver: (elapsedMs) => elapsedMs >= 12_000,
    });
    assert.equal(rounds, 4);
    assert.deepEqual(clock.delays, [5_000, 5_000, 5_000]);
  });
});
