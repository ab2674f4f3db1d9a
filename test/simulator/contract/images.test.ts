/** EC2's documented behaviour of images. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import { createClock, systemTime } from '../../../src/simulator/clock.js';
import {
  amazonLinux,
  closeTestClouds,
  hvmImage,
  idOf,
  imageOf,
  launch,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  setFaults,
  snapshotOf,
  until,
} from '../cloud-fixture.js';

describe('contract: images', () => {
  afterEach(closeTestClouds);

  it('is pending first, and cannot be shared until it is available (error codes, InvalidAMIID.Unavailable)', async () => {
    const cloud = await openTestCloud({ latency: 'fast' });
    const client = cloud.client();
    const volume = await newVolume(client);
    await until(async () => {
      const { Volumes: volumes } = await client.send(
        new ec2.DescribeVolumesCommand({ VolumeIds: [volume] }),
      );
      return volumes?.[0]?.State === 'available';
    });
    const snapshot = await newSnapshot(client, { VolumeId: volume });
    await until(async () => (await snapshotOf(client, snapshot)).State === 'completed');
    const share = (id: string) =>
      client.send(
        new ec2.ModifyImageAttributeCommand({
          ImageId: id,
          LaunchPermission: { Add: [{ Group: 'all' }] },
        }),
      );
    // Pending for good, and not only for as long as two calls may take.
    await setFaults(cloud, [{ action: 'RegisterImage', kind: 'stuck', forMs: 3_600_000 }]);
    const pending = await newImage(client, { ...hvmImage(snapshot), Name: 'pending' });
    assert.equal((await imageOf(client, pending)).State, 'pending');
    await refusal('InvalidAMIID.Unavailable', share(pending));
    const id = await newImage(client, hvmImage(snapshot));
    await until(async () => (await imageOf(client, id)).State === 'available');
    await share(id);
    assert.equal((await imageOf(client, id)).Public, true);
  });

  it('is gone once deregistered; a second time it is unavailable (error codes)', async () => {
    const client = (await openTestCloud()).client();
    const id = await newImage(client);
    await client.send(new ec2.DeregisterImageCommand({ ImageId: id }));
    await refusal('InvalidAMIID.NotFound', imageOf(client, id));
    await refusal(
      'InvalidAMIID.Unavailable',
      client.send(new ec2.DeregisterImageCommand({ ImageId: id })),
    );
    await refusal('InvalidAMIID.Malformed', imageOf(client, 'ami-nonsense'));
    await refusal('InvalidAMIID.NotFound', imageOf(client, 'ami-0123456789abcdef0'));
  });

  it('is listed as deregistered for a while, and its snapshot can go (DescribeImages)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const snapshot = await newSnapshot(client);
    const id = await newImage(client, hvmImage(snapshot));
    await setFaults(cloud, [{ action: 'DeregisterImage', kind: 'late-end', forMs: 3_600_000 }]);
    await client.send(new ec2.DeregisterImageCommand({ ImageId: id }));
    assert.equal((await imageOf(client, id)).State, 'deregistered');
    const { Images: own } = await client.send(new ec2.DescribeImagesCommand({ Owners: ['self'] }));
    assert.deepEqual(
      own?.map(({ ImageId, State }) => [ImageId, State]),
      [[id, 'deregistered']],
    );
    await refusal(
      'InvalidAMIID.Unavailable',
      client.send(new ec2.DeregisterImageCommand({ ImageId: id })),
    );
    await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshot }));
  });

  it('skips shared snapshots when it deletes those of an image (DeregisterImage, DeleteAssociatedSnapshots)', async () => {
    const client = (await openTestCloud()).client();
    const snapshot = await newSnapshot(client);
    const ids = [
      await newImage(client, hvmImage(snapshot, 'one')),
      await newImage(client, hvmImage(snapshot, 'two')),
    ];
    const codes: (string | undefined)[] = [];
    for (const ImageId of ids) {
      const { DeleteSnapshotResults: results = [] } = await client.send(
        new ec2.DeregisterImageCommand({ ImageId, DeleteAssociatedSnapshots: true }),
      );
      codes.push(results[0]?.ReturnCode);
    }
    assert.deepEqual(codes, ['skipped', 'success']);
    await refusal('InvalidSnapshot.NotFound', snapshotOf(client, snapshot));
  });

  it('is copied with snapshots of its own, by token, under a name that need not be unique (CopyImage)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const source = await newImage(client, {
      Name: 'source',
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'mine', Value: '1' }] }],
    });
    await client.send(
      new ec2.ModifyImageAttributeCommand({
        ImageId: source,
        LaunchPermission: { Add: [{ Group: 'all' }] },
      }),
    );
    const abroad = cloud.client('eu-west-1');
    const copy = (ClientToken?: string, Name = 'copy'): Promise<ec2.CopyImageCommandOutput> =>
      abroad.send(
        new ec2.CopyImageCommand({
          SourceImageId: source,
          SourceRegion: 'us-east-1',
          Name,
          ClientToken,
          CopyImageTags: true,
        }),
      );
    const first = idOf((await copy('token-1')).ImageId);
    assert.equal((await copy('token-1')).ImageId, first);
    await refusal('IdempotentParameterMismatch', copy('token-1', 'other'));
    assert.notEqual((await copy('token-2')).ImageId, first);
    const image = await imageOf(abroad, first);
    assert.equal(image.Public, false, 'launch permissions are not copied');
    assert.equal(image.SourceImageId, source);
    assert.deepEqual(image.Tags, [{ Key: 'mine', Value: '1' }]);
    const { Snapshots: snapshots = [] } = await abroad.send(
      new ec2.DescribeSnapshotsCommand({ OwnerIds: ['self'] }),
    );
    assert.equal(snapshots.length, 2);
  });

  it('cannot be deregistered while protected, and for a day after a cooldown (user guide, protect an AMI)', async () => {
    const client = (await openTestCloud()).client();
    const id = await newImage(client);
    const deregister = (): Promise<unknown> =>
      client.send(new ec2.DeregisterImageCommand({ ImageId: id }));
    await client.send(
      new ec2.EnableImageDeregistrationProtectionCommand({ ImageId: id, WithCooldown: true }),
    );
    assert.equal((await imageOf(client, id)).DeregistrationProtection, 'enabled-with-cooldown');
    await refusal('OperationNotPermitted', deregister());
    await client.send(new ec2.DisableImageDeregistrationProtectionCommand({ ImageId: id }));
    await refusal('OperationNotPermitted', deregister());
    await client.send(new ec2.EnableImageDeregistrationProtectionCommand({ ImageId: id }));
    await client.send(new ec2.DisableImageDeregistrationProtectionCommand({ ImageId: id }));
    await deregister();
  });

  it('cannot be changed by an account that does not own it (error codes, AuthFailure)', async () => {
    const client = (await openTestCloud()).client();
    const amazons = await amazonLinux(client);
    await refusal('AuthFailure', client.send(new ec2.DeregisterImageCommand({ ImageId: amazons })));
    await refusal(
      'AuthFailure',
      client.send(
        new ec2.DescribeImageAttributeCommand({ ImageId: amazons, Attribute: 'launchPermission' }),
      ),
    );
  });

  it('of several ids that do not exist is named with all of them (error codes, InvalidAMIID.NotFound)', async () => {
    const client = (await openTestCloud()).client();
    const ImageIds = ['ami-00000000000000001', 'ami-00000000000000002'];
    const ask = (ids: string[]): Promise<unknown> =>
      client.send(new ec2.DescribeImagesCommand({ ImageIds: ids }));
    assert.equal(
      await refusal('InvalidAMIID.NotFound', ask(ImageIds)),
      "The image ids '[ami-00000000000000001, ami-00000000000000002]' do not exist",
    );
    assert.equal(
      await refusal('InvalidAMIID.NotFound', ask(ImageIds.slice(1))),
      "The image id '[ami-00000000000000002]' does not exist",
    );
  });

  it('of Amazon is deprecated 90 days after its release: found by id, or when asked for (user guide, deprecate an AMI)', async () => {
    let aheadMs = 0;
    const dayMs = 24 * 3600_000;
    const cloud = await openTestCloud({
      clock: createClock({ ...systemTime, now: () => Date.now() + aheadMs }),
    });
    const client = cloud.client();
    const pinned = await amazonLinux(client);
    const listed = async (input: ec2.DescribeImagesCommandInput): Promise<boolean> => {
      const { Images: images = [] } = await client.send(new ec2.DescribeImagesCommand(input));
      return images.some(({ ImageId: id }) => id === pinned);
    };
    const { CreationDate: made, DeprecationTime: deprecated } = await imageOf(client, pinned);
    assert.equal(Date.parse(deprecated ?? '') - Date.parse(made ?? ''), 90 * dayMs);
    const byFilter = { Filters: [{ Name: 'image-id', Values: [pinned] }] };
    assert.equal(await listed(byFilter), true);

    aheadMs = 90 * dayMs;
    assert.equal(await listed(byFilter), false);
    assert.equal(await listed({ Owners: ['amazon'] }), false);
    assert.equal(await listed({ ...byFilter, IncludeDeprecated: true }), true);
    assert.equal(await listed({ ImageIds: [pinned] }), true);
    await launch(client, { ImageId: pinned });
    assert.notEqual(await amazonLinux(client), pinned);
  });

  it('is not taken for the newest Amazon Linux because of its name: owners are told apart (threat T9)', async () => {
    const client = (await openTestCloud()).client();
    await newImage(client, { Name: 'al2023-ami-2099.1.20991231.0-kernel-6.1-x86_64' });
    const byName = { Filters: [{ Name: 'name', Values: ['al2023-ami-*-x86_64'] }] };
    const { Images: all = [] } = await client.send(new ec2.DescribeImagesCommand(byName));
    const { Images: amazons = [] } = await client.send(
      new ec2.DescribeImagesCommand({ ...byName, Owners: ['amazon'] }),
    );
    const { Images: own = [] } = await client.send(
      new ec2.DescribeImagesCommand({ ...byName, Owners: ['self'] }),
    );
    assert.deepEqual([all.length, amazons.length, own.length], [3, 2, 1]);
  });
});
