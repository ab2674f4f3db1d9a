import assert from 'node:assert/strict';
import { imageProgressQuery } from '../../src/contract.js';
import { holdDownload } from '../support/held-download.js';
import { withPublisher } from '../support/local-publisher.js';
import {
  assertPublishedOnce,
  callCount,
  INSTANCES_PER_IMAGE,
  oneImage,
} from '../support/one-image.js';
import { testedCloud, testedImage } from '../support/tested-cloud.js';
import { until } from '../support/until.js';

const REGIONS = ['us-east-1', 'eu-west-1', 'us-east-2'];

function unreachable(regionName: string) {
  return { action: '*', region: regionName, kind: 'lost-request', count: 0 } as const;
}

describe('an outage of EC2', () => {
  it('everywhere, in the middle of the write, is waited out; the instance works on meanwhile', async () => {
    await withPublisher({}, async (publisher) => {
      const one = await oneImage(publisher);
      const { image, request, path } = one;
      const download = holdDownload(publisher, one);
      const handle = await publisher.publish(request);
      const sent = () => publisher.server.requests(path).bytes;
      await download.reached();
      await publisher.setFaults([unreachable('*')]);
      download.release();
      const before = await callCount(publisher, 'DescribeInstances');
      await until('the download ends', () => sent() >= image.sizeBytes);
      await until(
        'EC2 is asked in vain',
        async () => (await callCount(publisher, 'DescribeInstances')) > before + 3,
      );
      await publisher.setFaults([]);
      assert.equal((await handle.result()).outcome, 'published');
      await assertPublishedOnce(publisher, REGIONS);
      assert.equal(await callCount(publisher, 'RunInstances'), INSTANCES_PER_IMAGE);
    });
  });

  it('in one region during its copy: it is reported, the others are public before it is back, and then nothing is left in it', async () => {
    // Scaled down to 20 seconds, in which the other regions must be done.
    const publish = [`regions = ${JSON.stringify(REGIONS)}`, 'region_patience = "100s"'];
    await withPublisher({ publish, cloud: testedCloud }, async (publisher) => {
      const { request } = await testedImage(publisher);
      await publisher.setFaults([
        { action: 'RegisterImage', region: 'eu-west-1', kind: 'stuck', forMs: 600_000, count: 0 },
      ]);
      const handle = await publisher.publish(request);
      await until('something is made there', async () =>
        (await publisher.resources()).some(
          ({ type, region }) => type === 'image' && region === 'eu-west-1',
        ),
      );
      await publisher.setFaults([unreachable('eu-west-1')]);
      await until('the others are public', async () => {
        const { steps } = await handle.query(imageProgressQuery);
        return steps.publish.state === 'done';
      });
      const alive = await publisher.resources();
      const left = alive.filter(({ region }) => region === 'eu-west-1');
      assert(left.length > 0, 'there is something to remove');
      assert(
        alive.every((one) => one.public === (one.region !== 'eu-west-1')),
        JSON.stringify(alive),
      );
      assert.equal((await handle.describe()).status.name, 'RUNNING', 'it has still to clean up');
      await publisher.setFaults([]);
      const result = await handle.result();
      assert.equal(result.outcome, 'partly-published');
      assert.deepEqual(
        result.failedRegions.map(({ region }) => region),
        ['eu-west-1'],
      );
      assert.match(result.failedRegions[0]?.reason ?? '', /region_patience/);
      await assertPublishedOnce(publisher, ['us-east-1', 'us-east-2']);
    });
  });

  it('in one region from the beginning leaves only that region out of the plan', async () => {
    await withPublisher({ waitsTakeNoTime: true }, async (publisher) => {
      const { request } = await oneImage(publisher);
      await publisher.setFaults([unreachable('eu-west-1')]);
      const result = await (await publisher.publish(request)).result();
      assert.equal(result.outcome, 'partly-published');
      assert.match(result.failedRegions[0]?.reason ?? '', /ECONNRESET|socket hang up/);
      await assertPublishedOnce(publisher, ['us-east-1', 'us-east-2']);
    });
  });
});
