/** EC2's documented behaviour of images that become public. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import { createClock, systemTime } from '../../../src/simulator/clock.js';
import { defaultSettings } from '../../../src/simulator/settings.js';
import {
  closeTestClouds,
  hvmImage,
  imageOf,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  shareImage,
} from '../cloud-fixture.js';

describe('contract: images', () => {
  afterEach(closeTestClouds);

  it('becomes public, listed for all, with a deprecation two years on (user guide, deprecate an AMI)', async () => {
    const client = (await openTestCloud()).client();
    const id = await newImage(client);
    await client.send(
      new ec2.ModifyImageAttributeCommand({
        ImageId: id,
        Attribute: 'launchPermission',
        OperationType: 'add',
        UserGroups: ['all'],
      }),
    );
    const image = await imageOf(client, id);
    assert.equal(image.Public, true);
    const years =
      new Date(image.DeprecationTime ?? 0).getUTCFullYear() -
      new Date(image.CreationDate ?? 0).getUTCFullYear();
    assert.equal(years, 2);
    const { LaunchPermissions: permissions } = await client.send(
      new ec2.DescribeImageAttributeCommand({ ImageId: id, Attribute: 'launchPermission' }),
    );
    assert.deepEqual(permissions, [{ Group: 'all' }]);
    const late = new Date(Date.now() + 3 * 365 * 24 * 3600_000);
    await refusal(
      'InvalidParameterValue',
      client.send(new ec2.EnableImageDeprecationCommand({ ImageId: id, DeprecateAt: late })),
    );
  });

  it('cannot be public beyond the quota, when blocked, or with encrypted snapshots (user guide)', async () => {
    const client = (await openTestCloud({ settings: { publicImagesPerRegion: 1 } })).client();
    const publish = (ImageId: string): Promise<unknown> =>
      client.send(
        new ec2.ModifyImageAttributeCommand({
          ImageId,
          LaunchPermission: { Add: [{ Group: 'all' }] },
        }),
      );
    await client.send(
      new ec2.EnableImageBlockPublicAccessCommand({
        ImageBlockPublicAccessState: 'block-new-sharing',
      }),
    );
    const first = await newImage(client, { Name: 'first' });
    await refusal('OperationNotPermitted', publish(first));
    await client.send(new ec2.DisableImageBlockPublicAccessCommand({}));
    await publish(first);
    await publish(first);
    await refusal('ResourceLimitExceeded', publish(await newImage(client, { Name: 'second' })));
    const encrypted = await newSnapshot(client, {
      VolumeId: await newVolume(client, { Encrypted: true }),
    });
    await refusal(
      'OperationNotPermitted',
      publish(await newImage(client, hvmImage(encrypted, 'third'))),
    );
  });

  it('made public by an account that is new is refused: blocked at first, then the sixth (user guide, AMI quotas)', async () => {
    const client = (await openTestCloud({ settings: defaultSettings })).client();
    const ids: string[] = [];
    for (const Name of ['one', 'two', 'three', 'four', 'five', 'six'])
      ids.push(await newImage(client, { Name }));
    const [first = '', ...others] = ids;
    await refusal('OperationNotPermitted', shareImage(client, first));
    await client.send(new ec2.DisableImageBlockPublicAccessCommand({}));
    for (const id of others) await shareImage(client, id);
    await refusal('ResourceLimitExceeded', shareImage(client, first));
  });

  it('can be made public until a new block is in force, ten minutes later at most (EnableImageBlockPublicAccess)', async () => {
    let aheadMs = 0;
    const clock = createClock({ ...systemTime, now: () => Date.now() + aheadMs });
    const client = (await openTestCloud({ clock, latency: 'aws' })).client();
    const state = async (): Promise<string | undefined> =>
      (await client.send(new ec2.GetImageBlockPublicAccessStateCommand({})))
        .ImageBlockPublicAccessState;
    const block = { ImageBlockPublicAccessState: 'block-new-sharing' } as const;
    const answer = await client.send(new ec2.EnableImageBlockPublicAccessCommand(block));
    assert.equal(answer.ImageBlockPublicAccessState, 'block-new-sharing');
    assert.equal(await state(), 'unblocked');
    aheadMs = 10 * 60_000;
    assert.equal(await state(), 'block-new-sharing');
    await client.send(new ec2.DisableImageBlockPublicAccessCommand({}));
    assert.equal(await state(), 'block-new-sharing');
    aheadMs = 20 * 60_000;
    assert.equal(await state(), 'unblocked');
  });
});
