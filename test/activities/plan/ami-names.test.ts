import assert from 'node:assert/strict';
import { withActivities } from '../../support/activity-level.js';
import { copy, planOf, snapshotOf, TWO_REGIONS } from '../../support/planned.js';

describe('a name that another AMI has in a region of the copies', () => {
  it('costs the region before anything is made, not after the write, the test and the copy', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      const origin = { ...plan.origin, image: 'another-image', workflowId: 'image/another' };
      const theirs = await snapshotOf(level, { ...plan, origin });
      await copy(level.activities, { ...plan, origin }, theirs);
      const [region] = (await planOf(level)).copies;
      assert.match(
        region?.unusable ?? '',
        /^ami-\S+ in eu-west-1 already has the name \S+ \(private\); if it is not needed, run: aws ec2 deregister-image --image-id ami-\S+ --region eu-west-1$/,
      );
    });
  });

  it('does not count when the AMI is this image’s own', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      await copy(level.activities, plan, await snapshotOf(level, plan));
      const { request } = level;
      const later = { request, workflowId: 'image/one', runId: 'run-two' };
      assert.equal((await level.activities.planImage(later)).copies[0]?.unusable, undefined);
    });
  });

  it('counts when the compose was replaced under its name, so that the bytes are others', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      await copy(level.activities, plan, await snapshotOf(level, plan));
      const image = { ...level.request.image, sha256: 'e'.repeat(64) };
      const request = { ...level.request, image };
      const later = { request, workflowId: 'image/one', runId: 'run-two' };
      const { copies } = await level.activities.planImage(later);
      assert.match(copies[0]?.unusable ?? '', /already has the name/);
    });
  });
});
