import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import type { FailureDetails } from '../../../src/model/errors.js';
import type { ImagePlan } from '../../../src/model/plan/plan.js';
import type { ActivityLevel } from '../../support/activity-level.js';
import { withActivities } from '../../support/activity-level.js';
import { copy, planOf, publish, register, snapshotOf, TWO_REGIONS } from '../../support/planned.js';
import { stubQuotas } from '../../support/quotas.js';

const RUN = { workflowId: 'image/one', runId: 'run-one' };

function unusableIn(plan: ImagePlan): Record<string, string> {
  const regions = [plan.home, ...plan.copies];
  return Object.fromEntries(
    regions.flatMap(({ regionName, unusable }) =>
      unusable === undefined ? [] : [[regionName, unusable]],
    ),
  );
}

async function refusal(level: ActivityLevel, request = level.request) {
  let failure: ApplicationFailure | undefined;
  await assert.rejects(level.activities.planImage({ request, ...RUN }), (error) => {
    failure = error as ApplicationFailure;
    return true;
  });
  const details = failure?.details?.[0] as FailureDetails;
  return { message: failure?.message ?? '', nonRetryable: failure?.nonRetryable, ...details };
}

/** Every AMI of the plan, registered and public in both regions. */
async function publishAll(level: ActivityLevel, plan: ImagePlan): Promise<void> {
  const source = await snapshotOf(level, plan);
  const amis = await register(level.activities, plan, source);
  await publish(level.activities, plan, await copy(level.activities, plan, source));
  await publish(level.activities, plan, amis);
}

describe('a quota of public AMIs without room', () => {
  it('leaves the region out before anything is made, and names the command that asks AWS for more', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      stubQuotas(level.aws, (regionName) => (regionName === 'eu-west-1' ? 3 : 4));
      const plan = await planOf(level);
      assert.deepEqual(unusableIn(plan), {
        'eu-west-1':
          'the quota of public AMIs in eu-west-1 has no room: 3 allowed, 0 public, 4 more needed; ask AWS for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0E3CBAB9 --desired-value 4 --region eu-west-1',
      });
    });
  });

  it('counts what is public already', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      stubQuotas(level.aws, (regionName) => (regionName === 'eu-west-1' ? 7 : 8));
      await publishAll(level, await planOf(level));
      const image = { ...level.request.image, name: `${level.request.image.name}-2` };
      const request = { ...level.request, image };
      const plan = await level.activities.planImage({ request, ...RUN });
      assert.deepEqual(Object.keys(unusableIn(plan)), ['eu-west-1']);
      assert.match(unusableIn(plan)['eu-west-1'] ?? '', /7 allowed, 4 public, 4 more needed/);
    });
  });

  it('does not count the AMIs of an image that is published already against itself', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      stubQuotas(level.aws, () => 4);
      await publishAll(level, await planOf(level));
      const plan = await level.activities.planImage({
        request: level.request,
        workflowId: 'image/one',
        runId: 'run-two',
      });
      assert.equal(plan.published?.length, 8);
    });
  });

  it('fails the image where the home region has none, with one command for all regions', async () => {
    const publish = ['regions = ["us-east-1", "eu-west-1", "us-east-2"]'];
    await withActivities({ publish }, async (level) => {
      stubQuotas(level.aws, () => 3);
      const { message, next, code, nonRetryable } = await refusal(level);
      assert.equal(code, 'public-ami-quota');
      assert.equal(nonRetryable, true);
      assert.match(message, /us-east-1 \(3 allowed, 0 public, 4 more needed\), eu-west-1/);
      assert.doesNotMatch(message, /us-east-2/, 'two AMIs fit there');
      assert.match(
        next,
        /for region in us-east-1 eu-west-1; do aws service-quotas .* --desired-value 4 --region \$region; done/,
      );
      assert.equal((await level.resources()).length, 0);
    });
  });

  it('fails the image in any region with publish.quota = "fail"', async () => {
    const publish = [...TWO_REGIONS.publish, 'quota = "fail"'];
    await withActivities({ publish }, async (level) => {
      stubQuotas(level.aws, (regionName) => (regionName === 'eu-west-1' ? 3 : 4));
      assert.match((await refusal(level)).message, /has no room in eu-west-1 \(/);
    });
  });

  it('is seen by the second image of a compose, though the first one has not registered anything yet', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      stubQuotas(level.aws, () => 5);
      const { name, subvariant } = level.request.image;
      const image = { ...level.request.image, arch: 'aarch64' as const, name: `${name}-arm` };
      const request = { ...level.request, image, ahead: [{ name, subvariant, arch: 'x86_64' }] };
      const { message } = await refusal(level, request as typeof level.request);
      assert.match(
        message,
        /5 allowed, 0 public, 4 of the compose's other images come first, 2 more needed/,
      );
    });
  });

  it('has no say where AMIs stay private', async () => {
    const publish = [...TWO_REGIONS.publish, 'public = false'];
    await withActivities({ publish }, async (level) => {
      const calls = stubQuotas(level.aws, () => 0);
      assert.deepEqual(unusableIn(await planOf(level)), {});
      assert.deepEqual(calls, []);
    });
  });
});

describe('an account that may not ask Service Quotas', () => {
  it('is warned, and publishes within the default of 5', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      stubQuotas(level.aws, () => 'AccessDeniedException');
      const plan = await planOf(level);
      assert.deepEqual(unusableIn(plan), {});
      assert.match(plan.warnings?.join() ?? '', /default of 5 is assumed: AccessDeniedException/);
      assert.match(plan.warnings?.join() ?? '', /servicequotas:GetServiceQuota/);
    });
  });

  it('is not stopped by the assumption when it has more public AMIs than the default allows', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      stubQuotas(level.aws, () => 100);
      await publishAll(level, await planOf(level));
      const second = { ...level.request.image, name: `${level.request.image.name}-2` };
      const request = { ...level.request, image: second };
      const plan = await level.activities.planImage({ request, workflowId: 'two', runId: 'two' });
      await publishAll(level, plan);
      stubQuotas(level.aws, () => 'AccessDeniedException');
      const third = { ...level.request.image, name: `${level.request.image.name}-3` };
      const after = await level.activities.planImage({
        request: { ...level.request, image: third },
        workflowId: 'three',
        runId: 'three',
      });
      assert.deepEqual(unusableIn(after), {});
    });
  });

  it('has the default when Service Quotas keeps no value of its own', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      stubQuotas(level.aws, (_regionName, command) =>
        command === 'GetServiceQuotaCommand' ? 'NoSuchResourceException' : 5,
      );
      const plan = await planOf(level);
      assert.deepEqual(plan.home.publicAmis, { quota: 5, there: 0, ahead: 0, needed: 4 });
      assert.equal(plan.warnings, undefined);
    });
  });
});
