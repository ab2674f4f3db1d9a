/** A publishImage that asks for the test before the plan: the replay must refuse it. */

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../src/activities/activities.js';

const { terminateInstance } = proxyActivities<Pick<Activities, 'terminateInstance'>>({
  startToCloseTimeout: '1m',
});

export async function publishImage(): Promise<void> {
  await terminateInstance({ regionName: 'us-east-1', instanceId: 'i-0' });
}
