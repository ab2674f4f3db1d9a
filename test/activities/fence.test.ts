import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand, DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { MockActivityEnvironment } from '@temporalio/testing';
import { attemptGate, Fence, holding } from '../../src/activities/fence.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import type { Effect } from '../../src/simulator/index.js';
import { startSimulator } from '../../src/simulator/index.js';

const BOUND_MS = 200;

async function outOfTouch(): Promise<void> {
  const beginMs = performance.now();
  while (performance.now() - beginMs <= BOUND_MS)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Home {
  readonly region: RegionAccess;
  readonly effects: () => Promise<Effect[]>;
}

async function withRegion(body: (home: Home) => Promise<void>): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedimg-test-fence-'));
  const simulator = await startSimulator({ stateDir, latency: 'instant' });
  const { url: endpoint, credentials } = simulator;
  const aws = new Aws(scaledAwsSettings(0.05), { endpoint, credentials, gate: attemptGate('9.9') });
  try {
    await body({
      region: aws.region('us-east-1'),
      effects: async () =>
        (await readFile(join(stateDir, 'effects.jsonl'), 'utf8'))
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Effect)
          .filter(({ kind }) => kind === 'call'),
    });
  } finally {
    aws.destroy();
    await simulator.close();
    await rm(stateDir, { recursive: true, force: true });
  }
}

const tag = () =>
  new CreateTagsCommand({ Resources: ['vol-0123456789abcdef0'], Tags: [{ Key: 'a', Value: 'b' }] });

describe('an attempt whose worker was out of touch with Temporal', () => {
  it('sends nothing more that has an effect, though it wakes beside its successor', async () => {
    await withRegion(async ({ region, effects }) => {
      const fence = new Fence(BOUND_MS);
      const lease = fence.lease();
      await outOfTouch();
      // Temporal answers again, but what was held before is held by another attempt now.
      fence.seen();
      await assert.rejects(
        holding(lease, () => region.ec2.send(tag())),
        /out of touch with Temporal/,
      );
      await holding(lease, () => region.ec2.send(new DescribeRegionsCommand({})));
      assert.deepEqual(
        (await effects()).map(({ action }) => action),
        ['DescribeRegions'],
      );
    });
  });

  it('is refused by the clock, though no timer has run since it woke', async () => {
    const fence = new Fence(BOUND_MS);
    const lease = fence.lease();
    const beginMs = performance.now();
    // As after SIGCONT: nothing else of this process has had its turn.
    while (performance.now() - beginMs <= BOUND_MS);
    assert.throws(() => lease.assertHeld(), /out of touch/);
    assert(lease.signal.aborted);
    await outOfTouch();
  });

  it('leaves the attempts that begin after Temporal is back alone', async () => {
    const fence = new Fence(BOUND_MS);
    const before = fence.lease();
    await outOfTouch();
    assert.throws(() => fence.lease().assertHeld(), /out of touch/, 'not back yet');
    fence.seen();
    fence.lease().assertHeld();
    assert.throws(() => before.assertHeld(), /out of touch/);
  });

  it('goes on undisturbed as long as Temporal answers', () => {
    const fence = new Fence(BOUND_MS);
    const lease = fence.lease();
    const beginMs = performance.now();
    while (performance.now() - beginMs < BOUND_MS * 3) {
      fence.seen();
      lease.assertHeld();
    }
  });
});

describe('a call in CloudTrail', () => {
  it('says which attempt of which activity of which workflow made it', async () => {
    await withRegion(async ({ region, effects }) => {
      const info = {
        workflowExecution: { workflowId: 'image/F-43;x/(é)/x86_64', runId: 'r' },
        activityType: 'writeImage',
        activityId: '7',
        attempt: 3,
      };
      const environment = new MockActivityEnvironment(info);
      await environment.run(() => region.ec2.send(new DescribeRegionsCommand({})));
      await region.ec2.send(new DescribeRegionsCommand({}));
      const [inside, outside] = await effects();
      assert.match(
        inside?.userAgent ?? '',
        /^fedimg\/9\.9 \(image\/F-43_x\/___\/x86_64; writeImage; 7; 3\) aws-sdk-js\//,
      );
      assert.match(outside?.userAgent ?? '', /^fedimg\/9\.9 aws-sdk-js\//);
    });
  });
});
