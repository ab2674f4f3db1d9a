import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import { withActivities } from '../../support/activity-level.js';
import { withInstance } from '../../support/images.js';

const RUN = { workflowId: 'image/one', runId: 'run-one' };

describe('an EC2 that takes calls and never answers', () => {
  it('is let go of in time and asked again, without a second of anything', async () => {
    const publish = ['regions = ["us-east-1", "eu-west-1"]'];
    const requestTimeoutMs = 1_500;
    await withActivities({ publish, settings: { requestTimeoutMs } }, async (level) => {
      const { activities, request } = level;
      const planned = withInstance(await activities.planImage({ request, ...RUN }));
      // Takes effect after the publisher has turned away.
      const delayMs = requestTimeoutMs * 1.5;
      await level.setFaults([{ action: 'RunInstances', kind: 'slow', delayMs, count: 2 }]);
      const { origin, utility } = planned;
      const input = { origin, regionName: 'us-east-1', utility, generation: 0 };
      const failures: ApplicationFailure[] = [];
      for (;;) {
        try {
          await activities.launchUtilityInstance(input);
          break;
        } catch (error) {
          failures.push(error as ApplicationFailure);
          assert(failures.length < 5, String(error));
        }
      }
      assert(
        failures.every(({ nonRetryable }) => nonRetryable === false),
        JSON.stringify(failures),
      );
      assert((await level.calls('RunInstances')) > 1, 'it was asked again');
      assert.equal((await level.resources('instance')).length, 1);
    });
  });
});
