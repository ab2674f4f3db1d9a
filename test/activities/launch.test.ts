import assert from 'node:assert/strict';
import { withActivities } from '../support/activity-level.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { planOf, TWO_REGIONS } from '../support/planned.js';

const placements = [{ instanceType: 'm5.large' }, { instanceType: 'm6i.large' }];

/** EC2 user guide, troubleshooting-launch: a type that does not fit the AMI; and AWS's text for a new account. */
const refusals = {
  InvalidParameterCombination: 'The specified instance type is not eligible for Free Tier.',
  Unsupported: 'Your requested instance type (m5.large) is not supported in your zone.',
};

async function launch(level: ActivityLevel): Promise<unknown> {
  const { origin, utility } = await planOf(level);
  return level.activities.launchUtilityInstance({
    ...{ origin, regionName: 'us-east-1', generation: 0 },
    utility: { ...utility, placements },
  });
}

describe('an instance type that EC2 refuses', () => {
  for (const [code, message] of Object.entries(refusals)) {
    it(`with ${code} is not the end: the next type of the list is tried`, async () => {
      await withActivities(TWO_REGIONS, async (level) => {
        const fault = { action: 'RunInstances', kind: 'refusal', code, message, count: 0 } as const;
        await level.setFaults([{ ...fault, instanceType: 'm5.large' }]);
        await launch(level);
        assert.equal((await level.resources('instance')).length, 1);
        assert.equal(await level.calls('RunInstances'), 2);
      });
    });
  }

  it('as all others of the list are is named with the reason of EC2, not as a lack of capacity', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const code = 'InvalidParameterCombination';
      const message = refusals[code];
      const fault = { action: 'RunInstances', kind: 'refusal', code, message, count: 0 } as const;
      await level.setFaults([fault]);
      await assert.rejects(
        launch(level),
        /us-east-1 launches none of m5\.large \(InvalidParameterCombination: .*Free Tier\.\), m6i\.large/,
      );
    });
  });
});
