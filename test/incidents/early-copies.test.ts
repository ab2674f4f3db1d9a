import assert from 'node:assert/strict';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import { failureOf } from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, callCount, oneImage } from '../support/one-image.js';

const REGIONS = ['us-east-1', 'eu-west-1', 'us-east-2'];
const OPTIONS = {
  publish: [`regions = ${JSON.stringify(REGIONS)}`],
  tables: ['[copy]', 'start = "with-test"'],
  waitsTakeNoTime: true,
};

describe('an image whose copies begin with its test', () => {
  it('leaves no snapshot in any region when its test fails, and never had an AMI there', async () => {
    await withPublisher({ ...OPTIONS, testScript: '#!/bin/bash\nexit 3\n' }, async (publisher) => {
      const { request } = await oneImage(publisher);
      const failure = await failureOf((await publisher.publish(request)).result());
      assert.equal(failure.type, EC2_TEST_EXCEPTION);
      assert.deepEqual(await publisher.resources(), []);
      for (const region of REGIONS.slice(1)) {
        assert.equal(await callCount(publisher, 'CopySnapshot', region), 1, region);
        assert.equal(await callCount(publisher, 'RegisterImage', region), 0, region);
      }
      const topics = publisher.announced.map(({ topic }) => topic);
      assert(
        !topics.includes('image.copy') && !topics.includes('image.publish'),
        JSON.stringify(topics),
      );
    });
  });

  it('has one snapshot a region and the messages of every other image when its test passes', async () => {
    await withPublisher(OPTIONS, async (publisher) => {
      const { request } = await oneImage(publisher);
      const { outcome, amis } = await (await publisher.publish(request)).result();
      assert.equal(outcome, 'published');
      await assertPublishedOnce(publisher, REGIONS);
      for (const region of REGIONS.slice(1)) {
        assert.equal(await callCount(publisher, 'CopySnapshot', region), 1, region);
      }
      const copies = publisher.announced.filter(({ topic }) => topic === 'image.copy');
      const made = amis.filter(({ ami, region }) => ami !== null && region !== REGIONS[0]);
      assert.equal(copies.length, made.length);
    });
  });
});
