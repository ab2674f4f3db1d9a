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

/** Work that ends only by its signal, and how it ended. */
class EndlessWork {
  ended: unknown;

  constructor(patience: Patience) {
    const work = (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('the call was aborted'))),
      );
    patience
      .bound(new AbortController().signal, work)
      .catch((error: unknown) => (this.ended = error));
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof ServiceError ? error.details.code : String(error);
}

describe('the patience with a region', () => {
  it('does not run while the copy waits for its turn behind a hundred images', async () => {
    const { clock, ec2 } = someRegion();
    await new MockActivityEnvironment().run(async () => {
      const patience = new Patience(ec2, LIMIT_MS);
      clock.advance(LIMIT_MS * 2);
      const work = new EndlessWork(patience);
      patience.begin();
      clock.advance(LIMIT_MS - 60_000);
      await settled();
      assert.equal(work.ended, undefined);
      clock.advance(120_000);
      await settled();
      assert.equal(codeOf(work.ended), 'region-late');
    });
  });

  it('goes on in the next attempt, so that a worker that dies now and then does not make it endless', async () => {
    const { clock, ec2 } = someRegion();
    const since = new Date(clock.now() - LIMIT_MS).toISOString();
    await new MockActivityEnvironment({ heartbeatDetails: { since } }).run(async () => {
      const patience = new Patience(ec2, LIMIT_MS);
      assert.equal(patience.beat.since, since);
      const work = new EndlessWork(patience);
      clock.advance(1);
      await settled();
      assert.equal(codeOf(work.ended), 'region-late');
    });
  });

  it('is that of the run itself where the plan is of an older build', async () => {
    const { clock, ec2 } = someRegion();
    await new MockActivityEnvironment().run(async () => {
      const patience = new Patience(ec2, undefined);
      const work = new EndlessWork(patience);
      patience.begin();
      clock.advance(LIMIT_MS * 100);
      await settled();
      assert.equal(work.ended, undefined);
      assert.deepEqual(patience.beat, {});
    });
  });
});
