import assert from 'node:assert/strict';
import type { Instance } from '@aws-sdk/client-ec2';
import { waitUntilRunning } from '../../src/aws/instances.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { LookTimes } from '../../src/aws/look-times.js';
import { SharedPoll } from '../../src/aws/shared-poll.js';
import { systemClock } from '../../src/aws/system-clock.js';
import { ServiceError } from '../../src/model/errors.js';

describe('an instance that runs', () => {
  it('but never shows its volume is given up as lost after the visibility window', async () => {
    const instance: Instance = { InstanceId: 'i-1', State: { Name: 'running' } };
    const ec2 = {
      name: 'us-east-1',
      settings: { ...AWS_DEFAULTS, visibilityMs: 50 },
      clock: systemClock,
      instances: new SharedPoll<Instance>({
        clock: systemClock,
        times: new LookTimes({ intervalMs: 5, isFixed: true }),
        idsMax: 10,
        answerMsMax: 5_000,
        describe: () => Promise.resolve(new Map([['i-1', instance]])),
      }),
    } as unknown as RegionAccess;
    const { signal } = new AbortController();
    await assert.rejects(
      waitUntilRunning(ec2, { instanceId: 'i-1', device: '/dev/sdf' }, signal),
      (error) => {
        assert(error instanceof ServiceError, String(error));
        assert.match(error.message, /runs without a volume at \/dev\/sdf/);
        return error.details.class === 'lost';
      },
    );
  });
});
