import assert from 'node:assert/strict';
import { removeResource } from '../../src/aws/removal.js';
import type { ResourceType } from '../../src/model/sweep/sweep.js';
import { iamOf } from '../policies/shipped.js';
import { withActivities } from '../support/activity-level.js';
import { launch, newImage, newSnapshot, newVolume } from '../simulator/cloud-fixture.js';

const GONE: readonly (readonly [ResourceType, string])[] = [
  ['instance', 'i-0123456789abcdef0'],
  ['volume', 'vol-0123456789abcdef0'],
  ['image', 'ami-0123456789abcdef0'],
  ['snapshot', 'snap-0123456789abcdef0'],
];

describe('a removal that a policy allows by tag', () => {
  it('is done when the resource is gone: EC2 refuses it then, because it has no tags', async () => {
    await withActivities({ iam: await iamOf() }, async ({ aws, cloud }) => {
      const ec2 = aws.region('us-east-1');
      for (const [type, id] of GONE) {
        await removeResource(ec2, { type, id }, new AbortController().signal);
      }
      assert.equal(await cloud.countOf('DeleteVolume'), 1);
    });
  });

  it('is refused when the resource is there and belongs to somebody else', async () => {
    await withActivities({}, async ({ aws, simulator }) => {
      const { ec2: client } = aws.region('us-east-1');
      const volume = await newVolume(client);
      const snapshot = await newSnapshot(client, { VolumeId: volume });
      const image = await newImage(client);
      const instance = await launch(client);
      const { secretAccessKey: currentSecretAccessKey } = simulator.credentials;
      const setup = { ...(await iamOf()), currentSecretAccessKey };
      const put = { method: 'PUT', body: JSON.stringify(setup) };
      assert.equal((await fetch(`${simulator.url}/_fedimg/iam`, put)).status, 200);
      const there: [ResourceType, string][] = [
        ['instance', instance],
        ['volume', volume],
        ['image', image],
        ['snapshot', snapshot],
      ];
      for (const [type, id] of there) {
        const { signal } = new AbortController();
        const removing = removeResource(aws.region('us-east-1'), { type, id }, signal);
        await assert.rejects(removing, { name: 'UnauthorizedOperation' }, type);
      }
    });
  });
});
