import assert from 'node:assert/strict';
import type { DescribeImagesCommandInput, DescribeImagesCommandOutput } from '@aws-sdk/client-ec2';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { amazonLinux2023 } from '../../../src/aws/ami-source.js';
import type { RegionAccess } from '../../../src/aws/region-access.js';
import { withActivities } from '../../support/activity-level.js';
import { planOf } from '../../support/planned.js';
import type { UtilityAmi } from '../../../src/activities/plan/utility-plan.js';
import { planUtility } from '../../../src/activities/plan/utility-plan.js';
import { eachWithConfigFolder, LEAST } from '../../config/config-files.js';

const GIB = 1024 ** 3;
const AMI: UtilityAmi = { ami: 'ami-1', rootDevice: '/dev/xvda', rootSizeGiB: 8, warnings: [] };
const URL = 'https://kojipkgs.example/a.raw.xz';

describe('the blank volume', () => {
  const folder = eachWithConfigFolder();

  it('has the size of the image, rounded up to whole GiB', async () => {
    const config = await folder().load(LEAST);
    const sizeOf = (rawSizeBytes: number): number =>
      planUtility(config, AMI, { url: URL, rawSizeBytes, compressedSizeBytes: 1 }).volumeSizeGiB;
    assert.deepEqual([512, GIB, GIB + 512, 5 * GIB - 1].map(sizeOf), [1, 1, 2, 5]);
  });
});

const HOME = { publish: ['regions = ["us-east-1"]'] };
const { signal } = new AbortController();

/** From now on the region shows every AMI as deprecated, and only to who asks for deprecated ones (DescribeImages). */
function deprecateAll(ec2: RegionAccess): void {
  const send = ec2.ec2.send.bind(ec2.ec2) as (...args: unknown[]) => Promise<unknown>;
  ec2.ec2.send = (async (...args: unknown[]) => {
    const answer = await send(...args);
    const { constructor, input } = args[0] as { constructor: { name: string }; input: object };
    if (constructor.name !== 'DescribeImagesCommand') return answer;
    const isAsked = (input as DescribeImagesCommandInput).IncludeDeprecated === true;
    const { Images = [] } = answer as DescribeImagesCommandOutput;
    const deprecated = Images.map((one) => ({
      ...one,
      DeprecationTime: '2026-01-19T00:00:00.000Z',
    }));
    return { ...(answer as object), Images: isAsked ? deprecated : [] };
  }) as never;
}

describe('the AMI of the utility instance', () => {
  it('is used once it is deprecated, with a warning', async () => {
    await withActivities(HOME, async (level) => {
      deprecateAll(level.aws.region('us-east-1'));
      const plan = await planOf(level);
      assert.match(
        plan.warnings?.join() ?? '',
        /ami-\S+ in us-east-1, is deprecated since 2026-01-19/,
      );
      assert.equal(plan.home.wanted.length, 4, 'the PV kernel is found, too');
    });
  });

  it('may be named by an SSM parameter, and the plan keeps the id that it has now', async () => {
    await withActivities({ ...HOME, ami: 'resolve:ssm:/images/utility' }, async (level) => {
      const ec2 = level.aws.region('us-east-1');
      const ami = await amazonLinux2023(ec2, 'x86_64', signal);
      const named = { Name: '/images/utility', Type: 'String' as const };
      await ec2.ssm.send(new PutParameterCommand({ ...named, Value: ami }));
      assert.equal((await planOf(level)).utility.ami, ami);
      await ec2.ssm.send(new PutParameterCommand({ ...named, Value: 'none', Overwrite: true }));
      await assert.rejects(planOf(level), /has the value "none", which is not the id of an AMI/);
    });
  });

  it('may be one version of that parameter; a version that does not exist is refused by its name', async () => {
    await withActivities({ ...HOME, ami: 'resolve:ssm:/images/utility:7' }, async (level) => {
      await assert.rejects(planOf(level), /us-east-1 has no SSM parameter \/images\/utility:7/);
    });
  });
});
