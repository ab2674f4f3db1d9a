/** EC2's eventual consistency (EC2 developer guide, "Eventual consistency in the Amazon EC2 API"). */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import {
  changeSettings,
  closeTestClouds,
  imageOf,
  instanceOf,
  launch,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  setFaults,
  shareImage,
  snapshotOf,
  until,
  volumeOf,
} from '../cloud-fixture.js';
import type { TestCloud } from '../cloud-fixture.js';

/** Longer than any test; the draw from it is then too. */
const long = 1_000_000_000;
const tag = { Key: 'managed-by', Value: 'me' };
const byTag = [{ Name: 'tag:managed-by', Values: ['me'] }];

async function listed(client: ec2.EC2Client, filters = byTag): Promise<(string | undefined)[]> {
  const { Snapshots: snapshots = [] } = await client.send(
    new ec2.DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: filters }),
  );
  return snapshots.map(({ SnapshotId: id }) => id);
}

function taggedSnapshot(client: ec2.EC2Client): Promise<string> {
  return newSnapshot(client, {
    TagSpecifications: [{ ResourceType: 'snapshot', Tags: [tag] }],
  });
}

describe('contract: eventual consistency', () => {
  let cloud: TestCloud;
  let client: ec2.EC2Client;
  beforeEach(async () => {
    cloud = await openTestCloud();
    client = cloud.client();
  });
  afterEach(closeTestClouds);

  it('does not find a new id of any kind for a while, by id or in a listing', async () => {
    const volume = await newVolume(client);
    await until(async () => (await volumeOf(client, volume)).State === 'available');
    const snapshot = await newSnapshot(client, { VolumeId: volume });
    await changeSettings(cloud, { consistencyLagMs: long });
    await refusal('InvalidVolume.NotFound', volumeOf(client, await newVolume(client)));
    await refusal('InvalidInstanceID.NotFound', instanceOf(client, await launch(client)));
    const image = await newImage(client, {
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshot } }],
      RootDeviceName: '/dev/sda1',
    });
    await refusal('InvalidAMIID.NotFound', imageOf(client, image));
    const { Images: images } = await client.send(
      new ec2.DescribeImagesCommand({ Owners: ['self'] }),
    );
    assert.deepEqual(images, []);
  });

  it('finds a new snapshot by its id, and not by its tags, while the listing is stale', async () => {
    await changeSettings(cloud, { listingLagMs: long });
    const id = await taggedSnapshot(client);
    assert.equal((await snapshotOf(client, id)).SnapshotId, id);
    assert.deepEqual(await listed(client), []);
  });

  it('lists a new snapshot without its tags while those lag behind', async () => {
    await changeSettings(cloud, { tagLagMs: long });
    const id = await taggedSnapshot(client);
    assert.deepEqual(await listed(client), []);
    assert.deepEqual(await listed(client, []), [id]);
    assert.equal((await snapshotOf(client, id)).Tags?.length ?? 0, 0);
    const { Tags: tags } = await client.send(new ec2.DescribeTagsCommand({}));
    assert.deepEqual(tags, []);
  });

  it('shows an image private for a while after it became public, though it is public', async () => {
    const id = await newImage(client);
    await changeSettings(cloud, { changeLagMs: long });
    await shareImage(client, id);
    assert.equal((await imageOf(client, id)).Public, false);
    const { LaunchPermissions: permissions } = await client.send(
      new ec2.DescribeImageAttributeCommand({ ImageId: id, Attribute: 'launchPermission' }),
    );
    assert.deepEqual(permissions, [], 'the attribute is read as late');
    await changeSettings(cloud, { changeLagMs: 0, publicImagesPerRegion: 1 });
    await refusal(
      'ResourceLimitExceeded',
      shareImage(client, await newImage(client, { Name: 'second' })),
    );
  });

  it('lists a deleted snapshot and a deregistered image for a while, but refuses to use them', async () => {
    const snapshot = await taggedSnapshot(client);
    const image = await newImage(client);
    await changeSettings(cloud, { changeLagMs: long });
    await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshot }));
    await client.send(new ec2.DeregisterImageCommand({ ImageId: image }));
    assert.deepEqual(await listed(client), [snapshot]);
    assert.equal((await imageOf(client, image)).State, 'available');
    await refusal(
      'InvalidSnapshot.NotFound',
      client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshot })),
    );
    await refusal('InvalidAMIID.Unavailable', shareImage(client, image));
  });

  it('shows an instance as running for a while after TerminateInstances', async () => {
    const id = await launch(client);
    await until(async () => (await instanceOf(client, id)).State?.Name === 'running');
    await setFaults(cloud, [{ action: 'TerminateInstances', kind: 'stale-read', forMs: long }]);
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
    assert.equal((await instanceOf(client, id)).State?.Name, 'running');
  });
});
