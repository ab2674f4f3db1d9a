import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { NativeConnection } from '@temporalio/worker';
import { AttemptInterceptor } from '../../src/activities/attempt/interceptor.js';
import { heartbeating, waitingFor } from '../../src/activities/attempt/heartbeat.js';
import { Fence, heldLease } from '../../src/activities/attempt/fence.js';
import type { Activities } from '../../src/activities/activities.js';
import { PUBLISH_IMAGE_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { ImageResult } from '../../src/model/progress/progress.js';
import { watchLeases } from '../../src/worker/lease-watch.js';
import { fakeActivities } from '../support/fake-activities.js';
import { someRequest } from '../support/images.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';

interface Pace {
  /** Of the heartbeats' time-out of 30 s. */
  readonly scale: number;
  readonly boundMs: number;
}

/** A lease ends before its work is given to another attempt, as it should. */
function steady(): Pace {
  return { scale: 0.4, boundMs: 10_000 };
}

/** The work is given away while the lease lasts: only Temporal can tell. */
const GIVEN_AWAY: Pace = { scale: 0.05, boundMs: 30_000 };

/** Runs an image's workflow in a worker whose attempts are fenced, with one activity in place of the good one. */
async function run(
  { scale, boundMs }: Pace,
  snapshotVolume: Activities['snapshotVolume'],
  outer: readonly ActivityInterceptorsFactory[] = [],
): Promise<ImageResult> {
  const { server } = await testTemporal();
  const connection = await NativeConnection.connect({ address: server.address });
  const fence = new Fence(boundMs);
  const { namespace } = server;
  const stopWatching = watchLeases(connection, { fence, boundMs, namespace });
  const inbound: ActivityInterceptorsFactory = (context) => ({
    inbound: new AttemptInterceptor(context, { fence, scale }),
  });
  try {
    return await withWorker(
      fakeActivities({ snapshotVolume }).activities,
      async ({ client, taskQueue }) =>
        client.workflow.execute<() => Promise<ImageResult>>(PUBLISH_IMAGE_WORKFLOW, {
          taskQueue,
          workflowId: `image/${taskQueue}`,
          args: [{ request: someRequest() }] as never,
          memo: { [TIME_SCALE_MEMO]: scale },
        }),
      { interceptors: { activity: [...outer, inbound] } },
    );
  } finally {
    stopWatching();
    await connection.close();
  }
}

describe('the lease of an attempt', () => {
  const { activities } = fakeActivities();
  const good: Activities['snapshotVolume'] = (input) => activities.snapshotVolume(input);

  it('lasts as long as Temporal has its heartbeats', async () => {
    const pace = steady();
    const result = await run(pace, (input) =>
      heartbeating(waitingFor('a test'), async () => {
        const lease = heldLease() ?? assert.fail();
        const beginMs = performance.now();
        // A machine that stood still may cost an attempt its lease, as it should; without renewal all lose it.
        while (performance.now() - beginMs < pace.boundMs * 2) {
          await lease.held();
          await delay(20);
        }
        return good(input);
      }),
    );
    assert.equal(result.outcome, 'published');
  });

  it('ends when Temporal has started another attempt, although the worker reaches Temporal', async () => {
    const reasons: unknown[] = [];
    const result = await run(GIVEN_AWAY, async (input) => {
      const lease = heldLease() ?? assert.fail();
      if (lease.of.attempt > 1) {
        await until('the first one knows', () => reasons.length > 0);
        return good(input);
      }
      // Without a heartbeat: the next attempt begins beside it.
      await until('its lease has ended', () => lease.signal.aborted);
      reasons.push(lease.signal.reason);
      return good(input);
    });
    assert.equal(result.outcome, 'published');
    assert.match(String(reasons[0]), /started another attempt of this activity/);
  });

  it('does not begin when the worker was paused as it received the work, and wakes beside the next attempt', async () => {
    let second = false;
    const ended: string[] = [];
    const pause: ActivityInterceptorsFactory = ({ info }) => ({
      inbound: {
        execute: async (input, next) => {
          if (info.activityType === 'snapshotVolume' && info.attempt === 1)
            await until('the next attempt is at work', () => second);
          return next(input);
        },
      },
    });
    const result = await run(
      GIVEN_AWAY,
      (input) =>
        heartbeating(waitingFor('a test'), async () => {
          const lease = heldLease() ?? assert.fail();
          const { attempt } = lease.of;
          second ||= attempt > 1;
          const end = await lease.held().then(() => 'acts', String);
          ended.push(`${attempt} ${end}`);
          if (attempt > 1)
            await until('the first one has woken', () =>
              ended.some((text) => text.startsWith('1 ')),
            );
          return good(input);
        }),
      [pause],
    );
    assert.equal(result.outcome, 'published');
    assert.match(
      ended.find((text) => text.startsWith('1 ')) ?? '',
      /started another attempt of this/,
    );
    // The second, or, when the machine stood still so long that its work was given away, too, one behind it.
    assert(
      ended.some((text) => /^(?:[2-9]|\d\d+) acts$/.test(text)),
      ended.join('; '),
    );
  });
});
