import assert from 'node:assert/strict';
import type { ImageProgress } from '../../src/model/progress/progress.js';
import { failureOf } from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';
import { testedCloud, testedImage } from '../support/tested-cloud.js';

describe('a quota of public AMIs that ends in the middle of a region', () => {
  it('removes no AMI that is public, and the record lists it, though EC2 shows it as private for a while', async () => {
    const publish = ['regions = ["us-east-1", "eu-west-1"]'];
    await withPublisher({ publish, cloud: testedCloud }, async (publisher) => {
      const { request } = await testedImage(publisher);
      await publisher.setFaults([
        { action: 'ModifyImageAttribute', kind: 'stale-read', forMs: 800, count: 2 },
        { action: 'ModifyImageAttribute', kind: 'quota', occurrence: 3, count: 2 },
      ]);
      const handle = await publisher.publish(request);
      const failure = await failureOf(handle.result());
      assert.match(failure.message, /required regions are incomplete: us-east-1/);
      const alive = await publisher.resources();
      const images = alive.filter(({ type }) => type === 'image');
      assert.deepEqual(
        images.map((image) => [image.region, image.public]),
        [
          ['us-east-1', true],
          ['us-east-1', true],
        ],
      );
      const snapshots = alive.filter(({ type }) => type === 'snapshot');
      assert.deepEqual(
        snapshots.map((snapshot) => [snapshot.region, snapshot.public]),
        [['us-east-1', true]],
      );
      const { regions } = failure.details?.[1] as ImageProgress;
      const recorded = regions.flatMap(({ amis }) => amis.map(({ ami }) => ami));
      assert.deepEqual(recorded.sort(), images.map(({ id }) => id).sort());
    });
  });
});
