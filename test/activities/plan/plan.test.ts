import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DisableEbsEncryptionByDefaultCommand,
  EnableEbsEncryptionByDefaultCommand,
  EnableImageBlockPublicAccessCommand,
} from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import type { FailureDetails } from '../../../src/model/errors.js';
import { withActivities } from '../../support/activity-level.js';

const RUN = { workflowId: 'image/one', runId: 'run-one' };

describe('the plan', () => {
  it('lists for each region its AMIs, and those that it cannot get with the reason', async () => {
    await withActivities({ publish: [] }, async ({ activities, request }) => {
      const plan = await activities.planImage({ request, ...RUN });
      assert.equal(plan.homeRegion, 'us-east-1');
      assert.equal(plan.copies.length, 16);
      const pv = [plan.home, ...plan.copies].filter(({ wanted }) => wanted.length === 4);
      assert.equal(pv.length, 9);
      const without = plan.copies.find(({ regionName: region }) => region === 'us-east-2');
      assert.equal(without?.wanted.length, 2);
      assert.match(without.leftOut[0]?.reason ?? '', /no PV kernel/);
      assert.equal(plan.utility?.volumeSizeGiB, 1);
      assert.equal(plan.rawSizeBytes, 32 * 1024 * 1024);
    });
  });

  it('gives aarch64 its HVM AMIs with UEFI and no paravirtual ones', async () => {
    await withActivities({}, async ({ activities, request }) => {
      const image = { ...request.image, arch: 'aarch64' as const };
      const plan = await activities.planImage({ request: { ...request, image }, ...RUN });
      assert.equal(plan.registration.bootMode, 'uefi');
      assert(
        plan.home.wanted.every(({ variant }) => variant.virt === 'hvm'),
        JSON.stringify(plan.home.wanted),
      );
      assert.match(plan.home.leftOut[0]?.reason ?? '', /no paravirtual instances for arm64/);
    });
  });

  it('leaves a region out, before anything is made, where public AMIs are blocked', async () => {
    await withActivities({}, async ({ activities, request, aws }) => {
      await aws.region('eu-west-1').ec2.send(
        new EnableImageBlockPublicAccessCommand({
          ImageBlockPublicAccessState: 'block-new-sharing',
        }),
      );
      await aws.region('us-east-2').ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
      const plan = await activities.planImage({ request, ...RUN });
      const reasons = Object.fromEntries(plan.copies.map((one) => [one.regionName, one.unusable]));
      assert.match(reasons['eu-west-1'] ?? '', /disable-image-block-public-access/);
      assert.match(reasons['us-east-2'] ?? '', /disable-ebs-encryption-by-default/);
    });
  });

  it('refuses the image when the home region cannot be used, and names the command that corrects it', async () => {
    await withActivities({}, async ({ activities, request, aws }) => {
      const { ec2 } = aws.region('us-east-1');
      await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
      await assert.rejects(activities.planImage({ request, ...RUN }), (error) => {
        const failure = error as ApplicationFailure;
        assert.match(
          failure.message,
          /us-east-1 is a required region and cannot be used: EBS encrypts by default in us-east-1/,
        );
        return failure.nonRetryable === true;
      });
      await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
      await activities.planImage({ request, ...RUN });
    });
  });

  it('leaves out a region that is not enabled in the account', async () => {
    const publish = ['regions = ["us-east-1", "af-south-1"]'];
    await withActivities({ publish }, async ({ activities, request }) => {
      const plan = await activities.planImage({ request, ...RUN });
      assert.match(plan.copies[0]?.unusable ?? '', /has not enabled af-south-1/);
    });
  });

  it('leaves paravirtual AMIs out everywhere when the home region cannot test one, and says why', async () => {
    const cases = [
      [['variants = ["first-hvm"]'], /^test\.variants has no paravirtual variant/],
      [['variants = ["hvm-gp2"]'], /^test\.variants has no paravirtual variant/],
      [['instance_types.paravirtual = ["m1.large"]'], /^us-east-1, .* offers none of m1\.large/],
      [['instance_types.paravirtual = []'], /^test\.instance_types\.paravirtual is empty/],
    ] as const;
    for (const [test, expected] of cases) {
      await withActivities({ test }, async ({ activities, request }) => {
        const plan = await activities.planImage({ request, ...RUN });
        const [untested] = plan.untested ?? [];
        assert.match(untested?.reason ?? '', expected);
        for (const { wanted, leftOut } of [plan.home, ...plan.copies]) {
          assert(
            wanted.every(({ variant }) => variant.virt === 'hvm'),
            JSON.stringify(wanted),
          );
          assert(
            leftOut.some(({ variant }) => variant.virt === 'paravirtual'),
            JSON.stringify(leftOut),
          );
        }
        assert.match(plan.home.leftOut[0]?.reason ?? '', expected);
        assert(
          plan.warnings?.some((warning) => warning.startsWith('paravirtual left out: ')),
          plan.warnings?.join('\n'),
        );
      });
    }
  });

  it('names the region that holds it up', async () => {
    await withActivities({}, async ({ activities, request, setFaults }) => {
      await setFaults([{ action: '*', region: 'eu-west-1', kind: 'lost-request', count: 0 }]);
      await assert.rejects(activities.planImage({ request, ...RUN }), (error) => {
        const [details] = (error as ApplicationFailure).details ?? [];
        return (details as FailureDetails).region === 'eu-west-1';
      });
    });
  });

  it('waits out a blip of one region, but not an outage that goes on', async () => {
    // `again` was scheduled long ago, by any patience.
    const settings = { regionPatienceMs: 600_000 };
    await withActivities({ settings }, async ({ again, soonAgain, request, setFaults }) => {
      const input = { request, ...RUN };
      const dead = { action: '*', region: 'eu-west-1', kind: 'lost-request', count: 0 } as const;
      await setFaults([dead]);
      await assert.rejects(
        soonAgain.planImage(input),
        (error) => (error as ApplicationFailure).nonRetryable !== true,
      );
      const without = await again.planImage(input);
      const { unusable = '' } =
        without.copies.find(({ regionName: region }) => region === 'eu-west-1') ?? assert.fail();
      // The region is not asked again, so the message must not make the operator wait.
      assert.match(unusable, /left out after \d+ s\)$/);
      assert.doesNotMatch(unusable, /tried again/);
      await setFaults([]);
      const whole = await soonAgain.planImage(input);
      assert(
        whole.copies.every(({ unusable }) => unusable === undefined),
        JSON.stringify(whole.copies),
      );
    });
  });

  it('refuses a test script that has grown too large for user-data since the worker started', async () => {
    const test = ['transport = "console"'];
    await withActivities({ test }, async ({ activities, request, directory }) => {
      await writeFile(join(directory, 'test.sh'), randomBytes(12_000).toString('base64'));
      await assert.rejects(activities.planImage({ request, ...RUN }), /16 KiB of user-data/);
    });
  });

  it('does not advise to shorten a name that is wrong for another reason', async () => {
    await withActivities({}, async ({ activities, request }) => {
      const image = { ...request.image, name: 'c6+beta.x86_64' };
      await assert.rejects(
        activities.planImage({ request: { ...request, image }, ...RUN }),
        (error) => {
          const [details] = (error as ApplicationFailure).details as [FailureDetails];
          assert.match(details.next, /^Remove "\+": change publish\.image_name/);
          return true;
        },
      );
    });
  });

  it('refuses a URL that no line of the configuration allows', async () => {
    await withActivities({}, async ({ activities, request }) => {
      const image = { ...request.image, url: 'http://169.254.169.254/latest/meta-data/a.raw.xz' };
      await assert.rejects(
        activities.planImage({ request: { ...request, image }, ...RUN }),
        (error) => (error as ApplicationFailure).nonRetryable === true,
      );
    });
  });
});
