import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Patience } from '../../../src/activities/attempt/patience.js';
import type { RegionAccess } from '../../../src/aws/region-access.js';
import { ServiceError } from '../../../src/model/errors.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const LIMIT_MS = 7_200_000;

function someRegion() {
  const clock = new VirtualClock({ jumps: false });
  return { clock, ec2: { name: 'eu-west-1', clock } as unknown as RegionAccess };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

describe('the patience with a region', () => {
  it('does not run while the copy waits for its turn behind a hundred images', async () => {
    const { clock, ec2 } = someRegion();
    await new MockActivityEnvironment().run(async () => {
      const patience = new Patience(ec2, LIMIT_MS);
      clock.advance(LIMIT_MS * 2);
      patience.begin();
      clock.advance(LIMIT_MS - 60_000);
      await settled();
      assert(!patience.signal.aborted);
      clock.advance(120_000);
      await settled();
      const { reason } = patience.signal as { readonly reason: unknown };
      assert(reason instanceof ServiceError);
      assert.equal(reason.details.code, 'region-late');
      patience.stop();
    });
  });

  it('goes on in the next attempt, so that a worker that dies now and then does not make it endless', async () => {
    const { clock, ec2 } = someRegion();
    const since = new Date(clock.now() - LIMIT_MS).toISOString();
    await new MockActivityEnvironment({ heartbeatDetails: { since } }).run(async () => {
      const patience = new Patience(ec2, LIMIT_MS);
      assert.equal(patience.beat.since, since);
      clock.advance(1);
      await settled();
      assert(patience.signal.aborted);
    });
  });

  it('is that of the run itself where the plan is of an older build', async () => {
    const { clock, ec2 } = someRegion();
    await new MockActivityEnvironment().run(async () => {
      const patience = new Patience(ec2, undefined);
      patience.begin();
      clock.advance(LIMIT_MS * 100);
      await settled();
      assert(!patience.signal.aborted);
      assert.deepEqual(patience.beat, {});
    });
  });
});
