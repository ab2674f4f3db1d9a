import assert from 'node:assert/strict';
import { awaitState } from '../../src/aws/await-state.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { LookTimes } from '../../src/aws/look-times.js';
import { SharedPoll } from '../../src/aws/shared-poll.js';
import { steppedClock } from './stepped-clock.js';

const { signal } = new AbortController();

/** Waits for the state `done`, with these states listed one after the other; the last one stays. */
function wait(...states: readonly (string | undefined)[]) {
  const clock = steppedClock();
  const ec2 = { clock, settings: { ...AWS_DEFAULTS, visibilityMs: 1_000 } };
  let rounds = 0;
  const poll = new SharedPoll<string>({
    clock,
    times: new LookTimes({ intervalMs: 100, isFixed: true }),
    idsMax: 1,
    answerMsMax: 10_000,
    describe: () => {
      const state = states[Math.min(rounds, states.length - 1)];
      rounds += 1;
      return Promise.resolve(new Map(state === undefined ? [] : [['vol-1', state]]));
    },
  });
  const waiting = awaitState(
    ec2 as unknown as RegionAccess,
    { poll, id: 'vol-1' },
    {
      done: (state) => (state === 'done' ? 'result' : undefined),
      failed: (state) => (state === 'error' ? new Error('it failed') : undefined),
      missing: () => new Error('it vanished'),
    },
    signal,
  );
  return { waiting, clock };
}

describe('a wait for a state', () => {
  it('has its result when EC2 shows the state, also after the resource was not listed for a while', async () => {
    const { waiting } = wait(undefined, undefined, 'pending', 'done');
    assert.equal(await waiting, 'result');
  });

  it('fails with the reason when the resource cannot get there', async () => {
    await assert.rejects(wait('pending', 'error').waiting, /it failed/);
  });

  it('takes a resource for missing only after the visibility window', async () => {
    const { waiting, clock } = wait('pending', undefined);
    await assert.rejects(waiting, /it vanished/);
    assert(clock.elapsed() > 1_000, `after ${clock.elapsed()} ms`);
  });
});
