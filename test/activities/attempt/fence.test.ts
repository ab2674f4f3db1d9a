import assert from 'node:assert/strict';
import os from 'node:os';
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Fence, holding } from '../../../src/activities/attempt/fence.js';
import { leaseClockMs } from '../../../src/activities/attempt/lease-clock.js';
import { until } from '../../support/until.js';
import { ATTEMPT, begun, record, tag, tell, withRegion } from './fenced-region.js';

const BOUND_MS = 200;

/** Never ends between two lines of a test, on the busiest machine. */
const LONG_BOUND_MS = 60_000;

async function outOfTouch(): Promise<void> {
  const beginMs = performance.now();
  while (performance.now() - beginMs <= BOUND_MS)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('an attempt that is handed to a worker', () => {
  it('has no effect before Temporal has recorded its heartbeat: the worker may have been paused, and another attempt may have begun', async () => {
    await withRegion(async ({ ec2, effects }) => {
      const fence = new Fence(60_000);
      const lease = fence.lease(ATTEMPT);
      let doubts = 0;
      fence.whenInDoubt(() => (doubts += 1));
      const sent = holding(lease, () => ec2.ec2.send(tag())).catch((error: unknown) => error);
      await until('it asks for leave', () => doubts > 0);
      assert.equal((await effects()).length, 0);
      assert(fence.isInDoubt(ATTEMPT), 'fence.isInDoubt(ATTEMPT) is false');
      record(fence, lease);
      await sent;
      assert.deepEqual(
        (await effects()).map(({ action }) => action),
        ['CreateTags'],
      );
      assert(!fence.isInDoubt(ATTEMPT), 'fence.isInDoubt(ATTEMPT) is true');
    });
  });

  it('may have any number of calls wait for that, and no operator reads of a leak', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on('warning', onWarning);
    try {
      const fence = new Fence(LONG_BOUND_MS);
      const lease = fence.lease(ATTEMPT);
      const calls = Array.from({ length: 30 }, () => lease.held());
      record(fence, lease);
      await Promise.all(calls);
      await new Promise(setImmediate);
    } finally {
      process.off('warning', onWarning);
    }
    assert.deepEqual(warnings, []);
  });

  it('never begins when its work has gone to another one', async () => {
    await withRegion(async ({ ec2, effects }) => {
      const fence = new Fence(60_000);
      const sent = holding(fence.lease(ATTEMPT), () => ec2.ec2.send(tag()));
      tell(fence, { activityId: '7', attempt: 3, stamp: undefined });
      await assert.rejects(sent, /another attempt/);
      assert.equal((await effects()).length, 0);
    });
  });

  it('waits for a Temporal that is down no longer than its lease lasts', async () => {
    const fence = new Fence(BOUND_MS);
    const held = fence.lease(ATTEMPT).held();
    await outOfTouch();
    fence.check();
    await assert.rejects(held, /no heartbeat of this attempt/);
  });
});

describe('an attempt whose heartbeats do not reach Temporal', () => {
  it('sends no more calls with an effect, also when it wakes beside its successor', async () => {
    await withRegion(async ({ ec2, effects }) => {
      const fence = new Fence(BOUND_MS);
      const lease = begun(fence);
      await outOfTouch();
      await assert.rejects(
        holding(lease, () => ec2.ec2.send(tag())),
        /no heartbeat of this attempt/,
      );
      await holding(lease, () => ec2.ec2.send(new DescribeRegionsCommand({})));
      assert.deepEqual(
        (await effects()).map(({ action }) => action),
        ['DescribeRegions'],
      );
    });
  });

  it('is refused by the clock, though no timer has run since it woke', async () => {
    const lease = begun(new Fence(BOUND_MS));
    const beginMs = performance.now();
    // As after SIGCONT: nothing else of this process reached its time-out turn.
    while (performance.now() - beginMs <= BOUND_MS);
    const held = lease.held();
    assert(lease.signal.aborted, 'lease.signal.aborted is false');
    await assert.rejects(held, /no heartbeat/);
  });

  it('is lost although Temporal answers: it may be slow to record heartbeats', async () => {
    const fence = new Fence(BOUND_MS);
    const lease = begun(fence);
    const { lease: id, sentMs } = lease.stamp();
    await outOfTouch();
    tell(fence, { activityId: '7', attempt: 2, stamp: { lease: id, sentMs } });
    await assert.rejects(lease.held(), /no heartbeat/);
  });

  it('does not count the heartbeat of the attempt before it as its own', async () => {
    const fence = new Fence(BOUND_MS);
    const lease = begun(fence);
    await outOfTouch();
    const other = new Fence(BOUND_MS).lease({ ...ATTEMPT, attempt: 1 });
    tell(fence, { activityId: '7', attempt: 2, stamp: other.stamp() });
    await assert.rejects(lease.held(), /no heartbeat/);
  });

  it('never holds its lease again', async () => {
    const fence = new Fence(BOUND_MS);
    const lease = begun(fence);
    await outOfTouch();
    fence.check();
    record(fence, lease);
    await assert.rejects(lease.held(), /no heartbeat/);
  });

  it('goes on as long as Temporal records its heartbeats', async () => {
    const bound = 3_000;
    const fence = new Fence(bound);
    const lease = fence.lease(ATTEMPT);
    const beginMs = performance.now();
    while (performance.now() - beginMs < bound * 1.5) {
      record(fence, lease);
      await lease.held();
    }
  });
});

describe('an attempt whose machine was suspended', () => {
  const { uptime } = os;
  afterEach(() => {
    os.uptime = uptime;
  });

  it('has lost its lease when it wakes: time went on since its last heartbeat', async () => {
    const lease = begun(new Fence(LONG_BOUND_MS));
    await lease.held();
    // What CLOCK_MONOTONIC does not count, and the time since boot does.
    os.uptime = () => uptime() + 600;
    await assert.rejects(lease.held(), /no heartbeat of this attempt for 60 s/);
    os.uptime = uptime;
    await assert.rejects(lease.held(), /no heartbeat/);
    // The next one has its own.
    await begun(new Fence(LONG_BOUND_MS)).held();
  });
});

describe('an attempt that has had all its time', () => {
  it('does not act although Temporal has its heartbeats: the next attempt has begun', async () => {
    const fence = new Fence(LONG_BOUND_MS);
    const lease = fence.lease(ATTEMPT, BOUND_MS);
    record(fence, lease);
    await outOfTouch();
    record(fence, lease);
    await assert.rejects(lease.held(), /reached its time-out/);
  });
});

describe('an attempt that has ended', () => {
  it('has no effect any more through a call that it has left behind', async () => {
    await withRegion(async ({ ec2, effects }) => {
      const fence = new Fence(LONG_BOUND_MS);
      const lease = begun(fence);
      await holding(lease, async () => {
        await lease.held();
        fence.release(lease);
        await assert.rejects(ec2.ec2.send(tag()), /another attempt of this activity, or has ended/);
      });
      assert.equal((await effects()).length, 0);
    });
  });
});

describe('an attempt that Temporal has given up', () => {
  const lost = /another attempt of this activity, or has ended the run/;

  it('stops at once when another one has its work, or when its run is over', async () => {
    const fence = new Fence(60_000);
    const first = begun(fence);
    tell(fence, { activityId: '7', attempt: 3, stamp: undefined });
    await assert.rejects(first.held(), lost);
    const second = begun(fence);
    tell(fence);
    await assert.rejects(second.held(), lost);
  });

  it('is only that attempt: not one of another run or activity, nor one that began after the question', () => {
    const fence = new Fence(60_000);
    const askedMs = leaseClockMs() - 1;
    const leases = [ATTEMPT, { ...ATTEMPT, runId: 'another' }].map((of) => fence.lease(of));
    fence.answered(ATTEMPT, [], askedMs);
    tell(fence, { activityId: '7', attempt: 2, stamp: undefined });
    assert(
      leases.every(({ signal }) => !signal.aborted),
      'a lease is lost',
    );
  });

  it('is not asked for any more when it has ended', () => {
    const fence = new Fence(60_000);
    const leases = [fence.lease(ATTEMPT), fence.lease({ ...ATTEMPT, activityId: '8' })];
    assert.deepEqual(
      fence.runs().map(({ runId }) => runId),
      ['r'],
    );
    for (const lease of leases) fence.release(lease);
    assert.deepEqual(fence.runs(), []);
  });
});

describe('a call in CloudTrail', () => {
  it('names the workflow, the activity and the attempt that made it', async () => {
    await withRegion(async ({ ec2, effects }) => {
      const info = {
        workflowExecution: { workflowId: 'image/F-43;x/(é)/x86_64', runId: 'r' },
        activityType: 'writeImage',
        activityId: '7',
        attempt: 3,
      };
      const environment = new MockActivityEnvironment(info);
      await environment.run(() => ec2.ec2.send(new DescribeRegionsCommand({})));
      await ec2.ec2.send(new DescribeRegionsCommand({}));
      const [inside, outside] = await effects();
      assert.match(
        inside?.userAgent ?? '',
        /^fedimg\/9\.9 \(image\/F-43_x\/___\/x86_64; writeImage; 7; 3\) aws-sdk-js\//,
      );
      assert.match(outside?.userAgent ?? '', /^fedimg\/9\.9 aws-sdk-js\//);
    });
  });
});
