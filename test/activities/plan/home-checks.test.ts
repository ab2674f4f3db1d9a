import assert from 'node:assert/strict';
import { withActivities } from '../../support/activity-level.js';
import { planOf } from '../../support/planned.js';

const HOME = { publish: ['regions = ["us-east-1"]'] };

describe('a home region that cannot launch the instances', () => {
  it('is refused in the plan for a security group that does not exist, with the key of the configuration', async () => {
    const test = ['security_group = "sg-0123456789abcdef0"'];
    await withActivities({ ...HOME, test }, async (level) => {
      await assert.rejects(
        planOf(level),
        /network of test: sg-0123456789abcdef0 does not exist in us-east-1/,
      );
      assert.equal((await level.resources()).length, 0);
    });
  });

  it('is refused in the plan for a subnet that does not exist', async () => {
    const utility = ['subnet = "subnet-0123456789abcdef0"'];
    await withActivities({ ...HOME, utility }, async (level) => {
      await assert.rejects(planOf(level), /network of utility: subnet-0123456789abcdef0 does not/);
    });
  });
});
