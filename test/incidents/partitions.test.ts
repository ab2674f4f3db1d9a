import assert from 'node:assert/strict';
import { DescribeRegionsCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, oneImage } from '../support/one-image.js';

const PARTITIONS = [
  {
    partition: 'aws-cn',
    regions: ['cn-north-1', 'cn-northwest-1'],
    host: 'ec2.cn-north-1.amazonaws.com.cn',
  },
  {
    partition: 'aws-us-gov',
    regions: ['us-gov-west-1', 'us-gov-east-1'],
    host: 'ec2.us-gov-west-1.amazonaws.com',
  },
] as const;

describe('a partition other than the commercial one', () => {
  for (const { partition, regions, host } of PARTITIONS) {
    const [home, other] = regions;

    it(`${partition}: an image becomes public in all its regions, and no call goes to another partition`, async () => {
      const options = {
        home,
        account: { partition },
        // EC2's documentation lists no PV-GRUB kernel there: paravirtual AMIs are left out, not refused.
        publish: ['volume_types = ["gp3"]'],
        waitsTakeNoTime: true,
      };
      await withPublisher(options, async (publisher) => {
        const { request } = await oneImage(publisher);
        const run = await publisher.publish(request);
        const result = await run.result();
        assert.equal(result.outcome, 'published');
        const regionNames = [...new Set(result.amis.map(({ region }) => region))].sort();
        assert.deepEqual(regionNames, [home, other].sort());
        await assertPublishedOnce(publisher, [home, other]);
        const called = new Set((await publisher.calls()).map(({ region }) => region));
        assert.deepEqual([...called].sort(), [home, other].sort());

        const { url: endpoint, credentials } = publisher.simulator;
        const ec2 = new EC2Client({ region: home, endpoint, credentials });
        const foreign = new EC2Client({ region: 'us-east-1', endpoint, credentials });
        const { Regions } = await ec2.send(new DescribeRegionsCommand({ AllRegions: true }));
        assert.deepEqual(
          Regions?.map(({ RegionName }) => RegionName),
          [home, other].sort(),
        );
        assert(
          Regions.some(({ Endpoint }) => Endpoint === host),
          JSON.stringify(Regions),
        );
        const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
        assert.match(Subnets?.[0]?.SubnetArn ?? '', new RegExp(`^arn:${partition}:ec2:${home}:`));
        // Credentials of one partition do not work in another.
        await assert.rejects(foreign.send(new DescribeRegionsCommand({})), { name: 'AuthFailure' });
        for (const client of [ec2, foreign]) client.destroy();
      });
    });
  }
});
