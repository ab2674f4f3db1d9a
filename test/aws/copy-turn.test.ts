import assert from 'node:assert/strict';
import { whenEc2HasPlace } from '../../src/aws/copy-turn.js';
import { FairSlots } from '../../src/aws/fair-slots.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../src/model/errors.js';
import { steppedClock } from './stepped-clock.js';

const never = new AbortController().signal;

function refused(code: string): ServiceError {
  const details = { code, class: 'throttled', next: 'wait', region: 'eu-west-1' } as const;
  return new ServiceError(EC2_SERVICE_EXCEPTION, 'EC2 is already copying 20 snapshots', details);
}

function someRegion() {
  const clock = steppedClock();
  const settings = { visibilityMs: 60_000 };
  const ec2 = { name: 'eu-west-1', clock, settings, copyTurns: new FairSlots(20) };
  return { ec2: ec2 as unknown as RegionAccess, clock };
}

describe('a copy to a region that already gets 20', () => {
  it('waits for its place and does not fail its activity: each retry would cost an action', async () => {
    const { ec2, clock } = someRegion();
    const answers = [refused('copy-slots'), refused('copy-slots')];
    const begin = () => {
      const failure = answers.shift();
      return failure === undefined ? Promise.resolve('snap-1') : Promise.reject(failure);
    };
    assert.equal(await whenEc2HasPlace(ec2, begin, never), 'snap-1');
    assert.deepEqual(clock.delays, [60_000, 60_000]);
  });

  it('fails at once for any other reason', async () => {
    const { ec2, clock } = someRegion();
    const begin = () => Promise.reject(refused('another'));
    await assert.rejects(whenEc2HasPlace(ec2, begin, never), ServiceError);
    assert.deepEqual(clock.delays, []);
  });

  it('ends with its run', async () => {
    const { ec2 } = someRegion();
    const cancel = new AbortController();
    const begin = () => {
      cancel.abort(new Error('the run was cancelled'));
      return Promise.reject(refused('copy-slots'));
    };
    await assert.rejects(whenEc2HasPlace(ec2, begin, cancel.signal), /the run was cancelled/);
  });
});
