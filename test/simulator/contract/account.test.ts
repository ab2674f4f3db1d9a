/** Switches of the account by region: blocks of public access, encryption by default, what zones have. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import {
  changeSettings,
  closeTestClouds,
  hvmImage,
  imageOf,
  inState,
  launch,
  instanceOf,
  newImage,
  newSnapshot,
  openTestCloud,
  refusal,
  shareImage,
  volumeOf,
} from '../cloud-fixture.js';

describe('contract: account', () => {
  afterEach(closeTestClouds);

  it('cannot lift a block that a declarative policy has set (Organizations user guide, declarative policies)', async () => {
    const cloud = await openTestCloud({
      settings: {
        regions: {
          'us-east-1': {
            imageBlockPublicAccess: 'block-new-sharing',
            snapshotBlockPublicAccess: 'block-all-sharing',
            blockPublicAccessManagedBy: 'declarative-policy',
          },
        },
      },
    });
    const client = cloud.client();
    const images = await client.send(new ec2.GetImageBlockPublicAccessStateCommand({}));
    assert.equal(images.ImageBlockPublicAccessState, 'block-new-sharing');
    assert.equal(images.ManagedBy, 'declarative-policy');
    const snapshots = await client.send(new ec2.GetSnapshotBlockPublicAccessStateCommand({}));
    assert.deepEqual(
      [snapshots.State, snapshots.ManagedBy],
      ['block-all-sharing', 'declarative-policy'],
    );
    await assert.rejects(client.send(new ec2.DisableImageBlockPublicAccessCommand({})));
    await assert.rejects(client.send(new ec2.DisableSnapshotBlockPublicAccessCommand({})));
    await refusal('OperationNotPermitted', shareImage(client, await newImage(client)));
    const abroad = cloud.client('eu-west-1');
    const other = await abroad.send(new ec2.GetImageBlockPublicAccessStateCommand({}));
    assert.deepEqual(
      [other.ImageBlockPublicAccessState, other.ManagedBy],
      ['unblocked', 'account'],
    );
  });

  it('keeps what is public when new sharing of images is blocked (user guide, block public access to AMIs)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const id = await newImage(client);
    await shareImage(client, id);
    await changeSettings(cloud, {
      regions: { '*': { imageBlockPublicAccess: 'block-new-sharing' } },
    });
    assert.equal((await imageOf(client, id)).Public, true);
    await refusal(
      'OperationNotPermitted',
      shareImage(client, await newImage(client, { Name: 'new' })),
    );
  });

  it('hides public snapshots when all sharing is blocked, and shows them again after (EBS user guide, block public access)', async () => {
    const client = (await openTestCloud()).client();
    const id = await newSnapshot(client);
    await client.send(
      new ec2.ModifySnapshotAttributeCommand({
        SnapshotId: id,
        CreateVolumePermission: { Add: [{ Group: 'all' }] },
      }),
    );
    const restorable = async (): Promise<number> => {
      const { Snapshots: snapshots = [] } = await client.send(
        new ec2.DescribeSnapshotsCommand({ OwnerIds: ['self'], RestorableByUserIds: ['all'] }),
      );
      return snapshots.length;
    };
    assert.equal(await restorable(), 1);
    await client.send(
      new ec2.EnableSnapshotBlockPublicAccessCommand({ State: 'block-all-sharing' }),
    );
    assert.equal(await restorable(), 0);
    await client.send(new ec2.DisableSnapshotBlockPublicAccessCommand({}));
    assert.equal(await restorable(), 1);
  });

  it('encrypts copies of images where encryption is the default, which then cannot be public (EBS user guide)', async () => {
    const cloud = await openTestCloud({
      settings: { regions: { 'eu-west-1': { ebsEncryptionByDefault: true } } },
    });
    const source = await newImage(cloud.client(), hvmImage(await newSnapshot(cloud.client())));
    const abroad = cloud.client('eu-west-1');
    const { ImageId: copy = '' } = await abroad.send(
      new ec2.CopyImageCommand({ SourceImageId: source, SourceRegion: 'us-east-1', Name: 'copy' }),
    );
    const [device] = (await imageOf(abroad, copy)).BlockDeviceMappings ?? [];
    assert.equal(device?.Ebs?.Encrypted, true);
    await refusal('OperationNotPermitted', shareImage(abroad, copy));
    const instance = await inState(abroad, await launch(abroad), 'running');
    const volume = await volumeOf(abroad, instance.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? '');
    assert.equal(volume.Encrypted, true, 'a launch from an unencrypted image is encrypted, too');
  });

  it('has no instance of a type in a zone that lacks it, and goes elsewhere when it may choose (user guide, Unsupported)', async () => {
    const cloud = await openTestCloud({
      settings: { unsupportedTypes: { 'eu-west-1a': ['t3.*'], 'eu-west-1b': ['t3.micro'] } },
    });
    const client = cloud.client('eu-west-1');
    const message = await refusal(
      'Unsupported',
      launch(client, { Placement: { AvailabilityZone: 'eu-west-1a' } }),
    );
    assert.match(message, /eu-west-1c/);
    for (let index = 0; index < 5; index += 1) {
      const instance = await instanceOf(client, await launch(client));
      assert.equal(instance.Placement?.AvailabilityZone, 'eu-west-1c');
    }
    const { InstanceTypeOfferings: offerings = [] } = await client.send(
      new ec2.DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [{ Name: 'instance-type', Values: ['t3.micro'] }],
      }),
    );
    assert.deepEqual(
      offerings.map(({ Location: location }) => location),
      ['eu-west-1c'],
    );
  });
});
