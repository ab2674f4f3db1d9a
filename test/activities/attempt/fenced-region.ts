/** A region whose calls go through the fence, and an attempt that holds a lease. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import type { PendingAttempt, Fence } from '../../../src/activities/attempt/fence.js';
import { attemptGate } from '../../../src/activities/attempt/fence.js';
import { leaseClockMs } from '../../../src/activities/attempt/lease-clock.js';
import type { Lease } from '../../../src/activities/attempt/lease.js';
import type { RegionAccess } from '../../../src/aws/region-access.js';
import { Aws, scaledAwsSettings } from '../../../src/aws/region-access.js';
import type { Effect } from '../../../src/simulator/index.js';
import { publisherAccount, startSimulator } from '../../../src/simulator/index.js';

export interface Home {
  readonly ec2: RegionAccess;
  readonly effects: () => Promise<Effect[]>;
}

export async function withRegion(body: (home: Home) => Promise<void>): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedimg-test-fence-'));
  const simulator = await startSimulator({
    stateDir,
    latency: 'instant',
    settings: publisherAccount,
  });
  const { url: endpoint, credentials } = simulator;
  const aws = new Aws(scaledAwsSettings(0.05, { requestTimeoutMs: 60_000 }), {
    endpoint,
    credentials,
    gate: attemptGate('9.9'),
  });
  try {
    await body({
      ec2: aws.region('us-east-1'),
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

export const tag = () =>
  new CreateTagsCommand({ Resources: ['vol-0123456789abcdef0'], Tags: [{ Key: 'a', Value: 'b' }] });

export const ATTEMPT = { workflowId: 'w', runId: 'r', activityId: '7', attempt: 2 };

/** Temporal's answer to a question that is asked now. */
export function tell(fence: Fence, ...pending: PendingAttempt[]): void {
  fence.answered(ATTEMPT, pending, leaseClockMs());
}

/** Temporal has the heartbeat that this attempt sends now. */
export function record(fence: Fence, lease: Lease): void {
  tell(fence, { activityId: '7', attempt: 2, stamp: lease.stamp() });
}

/** An attempt of which Temporal has heard. */
export function begun(fence: Fence): Lease {
  const lease = fence.lease(ATTEMPT);
  record(fence, lease);
  return lease;
}
