import assert from 'node:assert/strict';
import { GetConsoleOutputCommand, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import { withActivities } from '../support/activity-level.js';
import {
  TWO_REGIONS,
  copy,
  launch,
  planOf,
  publish,
  register,
  snapshotOf,
} from '../support/planned.js';
import { until } from '../support/until.js';
import { detailsOf, retried } from './refused-acts.js';

describe('a resource that EC2 has given up', () => {
  it('has ended itself by its own timer, as no worker lived to terminate it', async () => {
    await withActivities({ ...TWO_REGIONS, minuteMs: 20 }, async (level) => {
      const plan = await planOf(level);
      // On a slow machine the timer fires before the launch is over: it is lost then, and gone all the same.
      await Promise.allSettled([launch(level.activities, plan)]);
      assert((await level.calls('RunInstances')) > 0, 'no launch');
      await until('it is gone', async () => (await level.resources()).length === 0);
      assert.equal(await level.calls('TerminateInstances'), 0);
    });
  });

  it('has ended itself, too, after a reboot, which forgets every timer', async () => {
    const minuteMs = 8_000;
    await withActivities({ ...TWO_REGIONS, minuteMs }, async (level) => {
      const plan = await planOf(level);
      const { origin, homeRegion: regionName } = plan;
      const utility = { ...plan.utility, deadManMinutes: 1 };
      const input = { origin, regionName, utility, generation: 0 };
      const { instanceId } = await level.activities.launchUtilityInstance(input);
      const { ec2 } = level.aws.region(regionName);
      await until('its timer is set', async () => {
        const { Output = '' } = await ec2.send(
          new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true }),
        );
        return /Shutdown scheduled/.test(Buffer.from(Output, 'base64').toString());
      });
      await ec2.send(new RebootInstancesCommand({ InstanceIds: [instanceId] }));
      await until('it is gone', async () => (await level.resources()).length === 0);
      assert.equal(await level.calls('TerminateInstances'), 0);
    });
  });

  it('does not come back by its token: the next pair of instance and volume is a new one', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const { origin, homeRegion: regionName } = plan;
      const dead = await launch(level.activities, plan);
      await level.activities.undoRegion({ origin, regionName, steps: ['utility'] });
      await assert.rejects(launch(level.activities, plan), (error) => {
        assert.equal(detailsOf(error).class, 'lost');
        return (error as ApplicationFailure).nonRetryable === true;
      });
      // A worker of another version has other user-data for the same token.
      const { deadManMinutes } = plan.utility;
      const utility = { ...plan.utility, deadManMinutes: deadManMinutes + 1 };
      await assert.rejects(launch(level.activities, { ...plan, utility }), (error) => {
        assert.match((error as Error).message, /IdempotentParameterMismatch/);
        return detailsOf(error).class === 'lost';
      });
      const next = await launch(level.activities, plan, 1);
      assert.notEqual(next.instanceId, dead.instanceId);
      assert.notEqual(next.volumeId, dead.volumeId);
    });
  });

  it("fails its region with AWS's own reason, not only as not ready", async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      const message = 'Given key ID is not accessible';
      await level.setFaults([{ action: 'CopySnapshot', kind: 'fails-later', message }]);
      await assert.rejects(copy(level.activities, plan, source), new RegExp(message));
    });
  });
});

describe('a limit of EC2', () => {
  it('on copies at the same time is waited out: the copy is made when a place is free', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults([{ action: 'CopySnapshot', kind: 'quota', count: 2 }]);
      assert.equal((await copy(level.activities, plan, source)).length, 4);
      assert.equal(await level.calls('CopySnapshot'), 3, 'two refusals, one copy');
    });
  });

  it('on public AMIs fails the region at once, and says that a quota is to be raised', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const amis = await register(level.activities, plan, await snapshotOf(level, plan));
      await level.setFaults([{ action: 'ModifyImageAttribute', kind: 'quota', count: 0 }]);
      await assert.rejects(publish(level.activities, plan, amis), (error) => {
        assert.match(detailsOf(error).next, /higher quota/);
        return (error as ApplicationFailure).nonRetryable === true;
      });
    });
  });

  it('on calls loses no AMI: polling and sharing that are throttled go on afterwards', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const source = await snapshotOf(level, plan);
      await level.setFaults(
        ['DescribeImages', 'ModifyImageAttribute', 'ModifySnapshotAttribute'].map((action) => ({
          action,
          kind: 'throttle' as const,
          count: 7,
        })),
      );
      const amis = await retried(() => register(level.activities, plan, source));
      await retried(() => publish(level.activities, plan, amis));
      const made = await level.resources('image');
      assert.equal(made.length, 4);
      assert(
        made.every((ami) => ami.public),
        JSON.stringify(made),
      );
    });
  });
});
