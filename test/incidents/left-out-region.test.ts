import assert from 'node:assert/strict';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, callCount, oneImage } from '../support/one-image.js';

const REGIONS = ['us-east-1', 'eu-west-1'];

describe('a region that EC2 refused in the copy', () => {
  it('is added when the image is published again: the written and tested snapshot is copied, and nothing is made twice', async () => {
    const publish = [`regions = ${JSON.stringify(REGIONS)}`];
    await withPublisher({ publish }, async (publisher) => {
      const { request } = await oneImage(publisher);
      const refusal = { action: 'CopySnapshot', kind: 'refusal', count: 0 } as const;
      await publisher.setFaults([{ ...refusal, region: 'eu-west-1' }]);
      const first = await (await publisher.publish(request)).result();
      assert.equal(first.outcome, 'partly-published');
      const launched = await callCount(publisher, 'RunInstances');
      await publisher.setFaults([]);
      const second = await (await publisher.publish(request)).result();
      assert.equal(second.outcome, 'published');
      assert.equal(second.amis.filter(({ ami }) => ami !== null).length, 8);
      assert(second.tests.length > 0, 'with the evidence of the first run');
      assert.equal(second.rawSha256, first.rawSha256);
      await assertPublishedOnce(publisher, REGIONS);
      assert.equal(await callCount(publisher, 'RunInstances'), launched);
      assert.equal(await callCount(publisher, 'CreateSnapshot'), 1);
      assert.equal(await callCount(publisher, 'RegisterImage', 'us-east-1'), 4);
    });
  });
});
