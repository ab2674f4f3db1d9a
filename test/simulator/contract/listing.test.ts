/** EC2's documented behaviour of listings: filters, pages, tags, regions, dry runs. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import {
  amazonLinux,
  closeTestClouds,
  hvmImage,
  inState,
  launch,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  volumeOf,
} from '../cloud-fixture.js';

describe('contract: listings', () => {
  afterEach(closeTestClouds);

  it('knows all commercial regions, 17 of them enabled (account management guide, regions)', async () => {
    const client = (await openTestCloud({ settings: { optedInRegions: ['af-south-1'] } })).client();
    const enabled = await client.send(new ec2.DescribeRegionsCommand({}));
    assert.equal(enabled.Regions?.length, 18);
    const all = await client.send(new ec2.DescribeRegionsCommand({ AllRegions: true }));
    assert.equal(all.Regions?.length, 34);
    const status = (name: string): string | undefined =>
      all.Regions?.find((region) => region.RegionName === name)?.OptInStatus;
    assert.equal(status('us-east-1'), 'opt-in-not-required');
    assert.equal(status('af-south-1'), 'opted-in');
    assert.equal(status('me-south-1'), 'not-opted-in');
  });

  it('refuses every call in a region that is not enabled (facts note: AuthFailure)', async () => {
    const cloud = await openTestCloud();
    const describe = (region: string): Promise<unknown> =>
      cloud.client(region).send(new ec2.DescribeInstancesCommand({}));
    await refusal('AuthFailure', describe('af-south-1'));
    await refusal('AuthFailure', describe('mars-north-1'));
  });

  it('filters by every kind of value, wildcards included, case-sensitively (user guide, filtering)', async () => {
    const client = (await openTestCloud()).client();
    const tagged = await newVolume(client, {
      Size: 2,
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'Name', Value: 'a*b' }] }],
    });
    await newVolume(client, {
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'Name', Value: 'axb' }] }],
    });
    await newVolume(client);
    const count = async (...filters: [string, ...string[]][]): Promise<number> => {
      const Filters = filters.map(([Name, ...Values]) => ({ Name, Values }));
      return (await client.send(new ec2.DescribeVolumesCommand({ Filters }))).Volumes?.length ?? 0;
    };
    assert.equal(await count(['tag:Name', 'a*b']), 2);
    assert.equal(await count(['tag:Name', 'a\\*b']), 1);
    assert.equal(await count(['tag:Name', 'a?b']), 2);
    assert.equal(await count(['tag:Name', 'A*']), 0);
    assert.equal(await count(['tag-key', 'Name']), 2);
    assert.equal(await count(['size', '2']), 1);
    assert.equal(await count(['size', '1', '2'], ['status', 'available']), 3);
    assert.equal(await count(['volume-id', tagged], ['tag:Name', 'axb']), 0);
    assert.equal(await count(['attachment.instance-id', 'i-0123456789abcdef0']), 0);
    await refusal('InvalidParameterValue', count(['colour', 'red']));
  });

  it('searched for a name with wildcards in it as a pattern (user guide: \\*amazon\\?\\\\ is literal)', async () => {
    const client = (await openTestCloud()).client();
    for (const Value of ['*amazon?\\', 'xamazony\\', '*amazon?', '\\*amazon\\?\\']) {
      const Tags = [{ Key: 'Name', Value }];
      await newVolume(client, { TagSpecifications: [{ ResourceType: 'volume', Tags }] });
    }
    const Filters = [{ Name: 'tag:Name', Values: ['\\*amazon\\?\\\\'] }];
    const { Volumes: found } = await client.send(new ec2.DescribeVolumesCommand({ Filters }));
    assert.deepEqual(
      found?.map(({ Tags }) => Tags?.map(({ Value }) => Value)),
      [['*amazon?\\']],
    );
  });

  it('is not slowed down by a filter made to backtrack', async () => {
    const client = (await openTestCloud()).client();
    await newVolume(client, {
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'k', Value: 'a'.repeat(250) }] }],
    });
    // CPU time of this process, in which the cloud runs: one that backtracks would take years.
    const before = process.cpuUsage();
    const Filters = [{ Name: 'tag:k', Values: [`${'*a'.repeat(120)}b`] }];
    const { Volumes: found } = await client.send(new ec2.DescribeVolumesCommand({ Filters }));
    assert.equal(found?.length ?? 0, 0);
    const { user } = process.cpuUsage(before);
    assert(user < 5_000_000, `took ${user} us`);
  });

  it('shows each item once over pages, deletions between them included (developer guide, pagination)', async () => {
    const client = (await openTestCloud()).client();
    const ids = await Promise.all(Array.from({ length: 12 }, () => newVolume(client)));
    const seen: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new ec2.DescribeVolumesCommand({ MaxResults: 5, NextToken }));
      const shown = page.Volumes?.map((volume) => volume.VolumeId ?? '') ?? [];
      assert.ok(shown.length <= 5, String(shown.length));
      seen.push(...shown);
      if (NextToken === undefined) {
        await client.send(new ec2.DeleteVolumeCommand({ VolumeId: shown[0] }));
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    assert.deepEqual(seen.sort(), ids.sort());
  });

  it('refuses pages with ids, sizes out of range and tokens of others (DescribeVolumes, MaxResults)', async () => {
    const client = (await openTestCloud()).client();
    const id = await newVolume(client);
    const describe = (input: ec2.DescribeVolumesCommandInput): Promise<unknown> =>
      client.send(new ec2.DescribeVolumesCommand(input));
    await refusal('InvalidParameterCombination', describe({ VolumeIds: [id], MaxResults: 5 }));
    await refusal('InvalidParameterValue', describe({ MaxResults: 4 }));
    await refusal('InvalidParameterValue', describe({ MaxResults: 1001 }));
    await refusal('InvalidNextToken', describe({ MaxResults: 5, NextToken: 'bm9uc2Vuc2U=' }));
  });

  it('pages through images with the SDK paginator as with one call', async () => {
    const client = (await openTestCloud()).client();
    const snapshot = await newSnapshot(client);
    const names = ['one', 'two', 'three'].map((name) => `Fedora ${name}`);
    for (const name of names) await newImage(client, hvmImage(snapshot, name));
    const found: string[] = [];
    for await (const page of ec2.paginateDescribeImages(
      { client, pageSize: 2 },
      { Owners: ['self'] },
    )) {
      found.push(...(page.Images ?? []).map((image) => image.Name ?? ''));
    }
    assert.deepEqual(found, names);
  });

  it('adds, overwrites, deletes and lists tags (CreateTags, DeleteTags, DescribeTags)', async () => {
    const client = (await openTestCloud()).client();
    const id = await newVolume(client);
    const tag = (Key: string, Value: string): Promise<unknown> =>
      client.send(new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key, Value }] }));
    await tag('a', '1');
    await tag('b', '2');
    await tag('a', '3');
    await client.send(
      new ec2.DeleteTagsCommand({ Resources: [id], Tags: [{ Key: 'b', Value: 'other' }] }),
    );
    const { Tags: listed = [] } = await client.send(
      new ec2.DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] }),
    );
    assert.deepEqual(
      listed.map((one) => [one.Key, one.Value, one.ResourceType]),
      [
        ['a', '3', 'volume'],
        ['b', '2', 'volume'],
      ],
    );
    await client.send(new ec2.DeleteTagsCommand({ Resources: [id], Tags: [{ Key: 'b' }] }));
    assert.deepEqual((await volumeOf(client, id)).Tags, [{ Key: 'a', Value: '3' }]);
    await refusal('InvalidParameterValue', tag('aws:mine', 'x'));
    await refusal(
      'InvalidID',
      client.send(
        new ec2.CreateTagsCommand({ Resources: ['thing-1'], Tags: [{ Key: 'a', Value: 'b' }] }),
      ),
    );
  });

  it('keeps a tag called __proto__ as a tag', async () => {
    const client = (await openTestCloud()).client();
    const id = await newVolume(client);
    await client.send(
      new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: '__proto__', Value: 'x' }] }),
    );
    assert.deepEqual((await volumeOf(client, id)).Tags, [{ Key: '__proto__', Value: 'x' }]);
  });

  it('allows 50 tags, refuses 51, and then keeps the tags unchanged (error codes, TagLimitExceeded)', async () => {
    const client = (await openTestCloud()).client();
    const id = await newVolume(client);
    const Tags = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
    await client.send(new ec2.CreateTagsCommand({ Resources: [id], Tags }));
    await refusal(
      'TagLimitExceeded',
      client.send(
        new ec2.CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'more', Value: 'v' }] }),
      ),
    );
    assert.equal((await volumeOf(client, id)).Tags?.length, 50);
  });

  it('changes no resource on a dry run (error codes, DryRunOperation)', async () => {
    const client = (await openTestCloud()).client();
    const ImageId = await amazonLinux(client);
    await refusal('DryRunOperation', launch(client, { ImageId, DryRun: true }));
    const { Reservations: reservations } = await client.send(new ec2.DescribeInstancesCommand({}));
    assert.deepEqual(reservations, []);
  });

  it('has a default VPC with a subnet a zone, and types with what they can run', async () => {
    const client = (await openTestCloud()).client();
    const { Vpcs: vpcs } = await client.send(
      new ec2.DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }),
    );
    assert.equal(vpcs?.length, 1);
    const { Subnets: subnets = [] } = await client.send(new ec2.DescribeSubnetsCommand({}));
    assert.equal(subnets.length, 6);
    const id = await launch(client, { SubnetId: subnets[2]?.SubnetId });
    const instance = await inState(client, id, 'running');
    assert.equal(instance.Placement?.AvailabilityZone, subnets[2]?.AvailabilityZone);
    const { InstanceTypes: types = [] } = await client.send(
      new ec2.DescribeInstanceTypesCommand({ InstanceTypes: ['t4g.small'] }),
    );
    assert.deepEqual(types[0]?.ProcessorInfo?.SupportedArchitectures, ['arm64']);
    const { InstanceTypeOfferings: offerings = [] } = await client.send(
      new ec2.DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [
          { Name: 'instance-type', Values: ['t3.*'] },
          { Name: 'location', Values: ['us-east-1b'] },
        ],
      }),
    );
    assert.equal(offerings.length, 6);
  });

  it('makes security groups whose rules can be taken away, and that are not deleted in use', async () => {
    const client = (await openTestCloud()).client();
    const { GroupId: id = '' } = await client.send(
      new ec2.CreateSecurityGroupCommand({ GroupName: 'utility', Description: 'no way in' }),
    );
    const everywhere = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
    await client.send(
      new ec2.RevokeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: everywhere }),
    );
    await client.send(
      new ec2.AuthorizeSecurityGroupEgressCommand({
        GroupId: id,
        IpPermissions: [
          { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
        ],
      }),
    );
    const { SecurityGroups: groups = [] } = await client.send(
      new ec2.DescribeSecurityGroupsCommand({ GroupIds: [id] }),
    );
    assert.equal(groups[0]?.IpPermissionsEgress?.[0]?.FromPort, 443);
    await refusal(
      'InvalidGroup.Duplicate',
      client.send(new ec2.CreateSecurityGroupCommand({ GroupName: 'utility', Description: 'x' })),
    );
    const instance = await launch(client, { SecurityGroupIds: [id] });
    await refusal(
      'DependencyViolation',
      client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id })),
    );
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [instance] }));
    await inState(client, instance, 'terminated');
    await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id }));
    await refusal('InvalidGroup.NotFound', launch(client, { SecurityGroupIds: [id] }));
  });
});
