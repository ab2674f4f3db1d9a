import assert from 'node:assert/strict';
import { readCatalogue } from '../../src/aws/catalogue.js';
import { TAG } from '../../src/model/ids/tags.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import {
  plantImage,
  plantSnapshot,
  plantVolume,
  someAmiTags,
  someOrigin,
} from '../support/planted.js';

const SIGNAL = AbortSignal.timeout(600_000);
const ELSEWHERE = someOrigin({ deployment: 'other' });
const HOMES = ['us-east-1', 'us-west-2'];

async function snapshotIn(level: ActivityLevel, name: string): Promise<string> {
  const ec2 = level.aws.region(name);
  return plantSnapshot(ec2, await plantVolume(ec2, {}), {});
}

const read = ({ aws }: ActivityLevel, tags = {}, homes = HOMES) =>
  readCatalogue(aws, { deployment: 'test', homes, tags }, SIGNAL);

describe('the AMIs of a deployment in EC2', () => {
  it('are found in every region, without those of other deployments and composes', async () => {
    await withActivities({}, async (level) => {
      const tags = someAmiTags(someOrigin());
      for (const name of ['us-east-1', 'sa-east-1']) {
        const snapshot = await snapshotIn(level, name);
        await plantImage(level.aws.region(name), snapshot, tags);
        await plantImage(level.aws.region(name), snapshot, someAmiTags(ELSEWHERE));
        await plantImage(level.aws.region(name), snapshot, {});
      }
      const { amis, unread } = await read(level);
      assert.deepEqual(amis.map(({ region }) => region).sort(), ['sa-east-1', 'us-east-1']);
      assert.deepEqual(unread, []);
      const [one] = amis;
      assert.match(one?.owner ?? '', /^\d{12}$/);
      assert.match(one?.snapshot ?? '', /^snap-/);
      assert.deepEqual([one?.isPublic, one?.tags], [false, tags]);
      assert.deepEqual(
        (await read(level, { [TAG.compose]: 'Fedora-Cloud-1-20200101.0' })).amis,
        [],
      );
    });
  });

  it('were those of every compose when the name that was asked for had a wildcard in it', async () => {
    await withActivities({}, async (level) => {
      const ec2 = level.aws.region('us-east-1');
      const snapshot = await snapshotIn(level, 'us-east-1');
      const tags = someAmiTags(someOrigin());
      await plantImage(ec2, snapshot, tags);
      const literal = '*? \\';
      const odd = await plantImage(ec2, snapshot, { ...tags, [TAG.compose]: literal });
      const found = async (compose: string) =>
        (await read(level, { [TAG.compose]: compose })).amis.map(({ ami }) => ami);
      for (const pattern of ['*', 'Fedora-*', `${tags[TAG.compose]?.slice(0, -1)}?`]) {
        assert.deepEqual(await found(pattern), [], pattern);
      }
      assert.deepEqual(await found(literal), [odd]);
    });
  });

  it('are read to the last page where EC2 does not list them at once', async () => {
    // For all 201 that wait for a socket at once.
    await withActivities({ settings: { requestTimeoutMs: 120_000 } }, async (level) => {
      const ec2 = level.aws.region('us-east-1');
      const snapshot = await snapshotIn(level, 'us-east-1');
      const tags = someAmiTags(someOrigin());
      const planted = await Promise.all(
        Array.from({ length: 201 }, () => plantImage(ec2, snapshot, tags)),
      );
      const { amis } = await read(level);
      assert.deepEqual(amis.map(({ ami }) => ami).sort(), planted.sort());
    });
  });

  it('are not said to be all there are when a region gives no answer', async () => {
    await withActivities({ settings: { requestTimeoutMs: 1_500 } }, async (level) => {
      const snapshot = await snapshotIn(level, 'us-east-1');
      await plantImage(level.aws.region('us-east-1'), snapshot, someAmiTags(someOrigin()));
      await level.setFaults([
        { action: 'DescribeImages', region: 'eu-west-1', kind: 'error', count: 0 },
        { action: 'DescribeImages', region: 'eu-west-2', kind: 'hang-request', count: 0 },
        { action: 'DescribeImages', region: 'eu-west-3', kind: 'refusal', count: 0 },
      ]);
      const { amis, unread, disabled } = await read(level);
      assert.equal(amis.length, 1);
      assert.deepEqual(unread.map(({ region }) => region).sort(), [
        'eu-west-1',
        'eu-west-2',
        'eu-west-3',
      ]);
      assert.match(
        unread.find(({ region }) => region === 'eu-west-3')?.reason ?? '',
        /^UnauthorizedOperation/,
      );
      assert(
        disabled.includes('af-south-1') && !disabled.includes('us-east-1'),
        disabled.join('\n'),
      );
    });
  });

  it('are found though the home region is down, but not by other credentials in its place', async () => {
    await withActivities({}, async (level) => {
      const down = { action: 'DescribeRegions', region: 'us-east-1', kind: 'error', count: 0 };
      await level.setFaults([{ ...down, kind: 'error' }]);
      assert.deepEqual((await read(level)).amis, []);
      await assert.rejects(read(level, {}, ['us-east-1']), /InternalError/);
      await level.setFaults([{ ...down, kind: 'refusal' }]);
      await assert.rejects(read(level), { name: 'UnauthorizedOperation' });
      await level.setFaults([{ action: 'DescribeImages', kind: 'error', count: 0 }]);
      await assert.rejects(read(level), { name: 'InternalError' }, 'no region at all answers');
    });
  });
});
