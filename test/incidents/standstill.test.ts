import assert from 'node:assert/strict';
import type { ActivityWait } from '../../src/model/status/activity-wait.js';
import { standsStill } from '../../src/model/status/activity-wait.js';
import { readStatus } from '../../src/client/status.js';
import { useSession } from '../client/client-fixture.js';
import { withPublisher } from '../support/local-publisher.js';
import { oneImage } from '../support/one-image.js';
import { testedCloud, testedImage } from '../support/tested-cloud.js';
import { until } from '../support/until.js';

/** EC2 would report the next percent after 14 minutes. */
const STUCK_MS = 86_400_000;

describe('a run in which nothing moves', () => {
  const session = useSession();

  /** The wait of an activity of this type, once it looks as wanted. */
  async function waitUntil(
    workflowId: string,
    type: string,
    isSeen: (wait: ActivityWait) => boolean,
  ): Promise<ActivityWait> {
    let seen: ActivityWait | undefined;
    await until(`${type} reports why it waits`, async () => {
      const { activities } = await readStatus(session(), { workflowId });
      seen = activities.find((one) => one.type === type && isSeen(one.wait))?.wait;
      return seen !== undefined;
    });
    assert(seen, 'no seen');
    return seen;
  }

  it('shows the words of the dead image server and its next try, not a rate that stands still', async () => {
    await withPublisher({}, async (publisher) => {
      const { image, request, path } = await oneImage(publisher);
      const third = Math.floor(image.sizeBytes / 3);
      publisher.server.setFault(path, { truncateAfterBytes: third });
      const handle = await publisher.publish(request);
      const wait = await waitUntil(
        handle.workflowId,
        'writeImage',
        ({ kind }) => kind === 'obstacle',
      );
      assert.match(wait.reason, /^the image server does not serve i-\w+: \(\d+\) \S/);
      assert.equal(wait.class, 'unreachable');
      assert(wait.nextTryAt !== null && wait.stillSince !== null, JSON.stringify(wait));
      assert.equal(standsStill(wait, Date.now()), true);
      publisher.server.setFault(path, undefined);
      assert.equal((await handle.result()).outcome, 'published');
    });
  });

  it('shows a snapshot that stays where it is, and then that EC2 throttles the question about it', async () => {
    // The region's patience runs by the clock of the cloud, a fifth as long as it is written here.
    const publish = ['regions = ["us-east-1", "eu-west-1"]', 'region_patience = "7d"'];
    await withPublisher({ cloud: testedCloud, publish }, async (publisher) => {
      const { request } = await testedImage(publisher);
      const region = 'eu-west-1';
      const stuck = {
        action: 'CopySnapshot',
        region,
        kind: 'stuck',
        forMs: STUCK_MS,
        count: 0,
      } as const;
      await publisher.setFaults([stuck]);
      const handle = await publisher.publish(request);
      const copies = (isSeen: (wait: ActivityWait) => boolean) =>
        waitUntil(
          handle.workflowId,
          'copyToRegion',
          (wait) => wait.region === region && isSeen(wait),
        );
      const waiting = await copies(({ reason }) => /AWS reports \d+%/.test(reason));
      assert.equal(waiting.kind, 'waiting');
      assert(waiting.stillSince !== null, 'no waiting.stillSince');
      await publisher.setFaults([{ action: '*', region, kind: 'throttle', count: 0 }]);
      const throttled = await copies(
        ({ kind, nextTryAt }) => kind === 'obstacle' && nextTryAt !== null,
      );
      assert.match(
        throttled.reason,
        /^EC2 in eu-west-1 throttles DescribeSnapshots \(RequestLimitExceeded\)$/,
      );
      assert.equal(throttled.class, 'throttled');
      assert.equal(throttled.stillSince, waiting.stillSince, 'to be throttled is not progress');
      await publisher.setFaults([]);
      await copies(({ kind }) => kind === 'waiting');
      publisher.clock.advance(STUCK_MS);
      assert.equal((await handle.result()).outcome, 'published');
    });
  });
});
