import assert from 'node:assert/strict';
import { CopySnapshotCommand } from '@aws-sdk/client-ec2';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import { tagSpecification } from '../../src/aws/tags.js';
import { TAG } from '../../src/model/ids/tags.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import {
  assertPublishedOnce,
  callCount,
  INSTANCES_PER_IMAGE,
  oneImage,
} from '../support/one-image.js';
import { until } from '../support/until.js';

const HOME = 'us-east-1';
const AWAY = 'eu-west-1';

/** Sends the publisher's own request once more, as a network that delivers it twice. */
async function copyAgain({ simulator, resources }: LocalPublisher): Promise<void> {
  const { url: endpoint, credentials } = simulator;
  const aws = new Aws(scaledAwsSettings(1), { endpoint, credentials });
  try {
    const copy = (await resources()).find(
      ({ type, region }) => type === 'snapshot' && region === AWAY,
    );
    assert(copy, 'no copy');
    const again = new CopySnapshotCommand({
      SourceRegion: HOME,
      SourceSnapshotId: copy.tags[TAG.sourceSnapshot],
      TagSpecifications: [tagSpecification('snapshot', copy.tags)],
    });
    await aws.region(AWAY).ec2.send(again);
  } finally {
    aws.destroy();
  }
}

describe('what EC2 made twice', () => {
  it('is not left behind: an instance of a launch that was answered with a capacity error, a copy whose request arrived twice', async () => {
    const options = {
      publish: [`regions = ["${HOME}", "${AWAY}"]`],
      utility: [`zones = ["${HOME}a", "${HOME}b"]`],
    };
    await withPublisher(options, async (publisher) => {
      await publisher.setFaults([
        { action: 'RunInstances', kind: 'lost-answer' },
        // The SDK itself repeats a call with a server error twice.
        { action: 'RunInstances', kind: 'capacity', occurrence: 2, count: 2 },
        { action: 'CopySnapshot', kind: 'stuck', forMs: 1_000 },
      ]);
      const { request } = await oneImage(publisher);
      const run = await publisher.publish(request);
      await until('the copy', async () => (await callCount(publisher, 'CopySnapshot')) === 1);
      await copyAgain(publisher);
      const { outcome } = await run.result();
      assert.equal(outcome, 'published');
      const surplus = 'one utility instance too many';
      assert.equal(await callCount(publisher, 'RunInstances'), 3 + INSTANCES_PER_IMAGE, surplus);
      await assertPublishedOnce(publisher, [HOME, AWAY]);
    });
  });
});
