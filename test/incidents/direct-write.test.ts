import assert from 'node:assert/strict';
import type { ImageResult } from '../../src/model/progress/progress.js';
import { assertNothingLeft, imageSha256 } from '../support/expectations.js';
import type { LocalPublisher, PublisherOptions } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, callCount, oneImage } from '../support/one-image.js';
import { until } from '../support/until.js';
import { withWorkers } from '../support/worker-process.js';
import { DEFAULT_POLICIES, iamOf } from '../policies/shipped.js';

const REGIONS = ['us-east-1', 'eu-west-1'];
const PUBLISH: PublisherOptions = { publish: [`regions = ${JSON.stringify(REGIONS)}`] };
const DIRECT: PublisherOptions = { ...PUBLISH, tables: ['[write]', 'strategy = "ebs-direct"'] };

interface Published {
  readonly result: ImageResult;
  /** By region. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Topics and statuses, with how often each was sent. */
  readonly messages: readonly string[];
}

async function publishOne(publisher: LocalPublisher): Promise<Published> {
  const { image, request } = await oneImage(publisher);
  const result = await (await publisher.publish(request)).result();
  assert.equal(result.outcome, 'published');
  await assertPublishedOnce(publisher, REGIONS);
  const hashes: Record<string, string> = {};
  for (const { type, region, id } of await publisher.resources()) {
    // Some zeros behind the image, too.
    const bytes = image.rawSizeBytes + 1024 * 1024;
    if (type === 'snapshot') hashes[region] = await imageSha256(publisher, { region, id }, bytes);
  }
  const messages = publisher.announced.map(
    ({ topic, body }) => `${topic} ${String(body['status'])}`,
  );
  return { result, hashes, messages: messages.sort() };
}

describe('an image that the worker writes without a utility instance', () => {
  it('has the same bytes, evidence and messages as one that a utility instance writes, and needs only the shipped policies', async () => {
    const usual = await withPublisher(PUBLISH, publishOne);
    const iam = await iamOf({ policies: [...DEFAULT_POLICIES, 'ebs-direct'] });
    const direct = await withPublisher({ ...DIRECT, iam }, async (publisher) => {
      const published = await publishOne(publisher);
      const launches = await callCount(publisher, 'RunInstances');
      assert.equal(launches, 2, 'two test instances, and no other');
      assert.equal(await callCount(publisher, 'CreateVolume'), 0);
      const refused = (await publisher.cloud.decisions()).filter(
        ({ verdict }) => verdict !== 'allowed',
      );
      assert.deepEqual(
        refused.map(({ action, resource }) => `${action} on ${resource}`),
        [],
      );
      return published;
    });
    assert.deepEqual(direct.hashes, usual.hashes);
    assert.equal(Object.keys(direct.hashes).length, REGIONS.length);
    assert.deepEqual(direct.messages, usual.messages);
    const { rawSha256, rawSizeBytes } = usual.result;
    assert.deepEqual(
      { rawSha256: direct.result.rawSha256, rawSizeBytes: direct.result.rawSizeBytes },
      { rawSha256, rawSizeBytes },
    );
  });

  it('is written once when the worker is killed in the middle of the blocks', async () => {
    await withPublisher({ ...DIRECT, worker: false }, async (publisher) => {
      const { request } = await oneImage(publisher);
      // The third block and those behind it wait until the test lets them go.
      const hold = { action: 'PutSnapshotBlock', kind: 'hang-request', occurrence: 3 } as const;
      await publisher.setFaults([{ ...hold, count: 0 }]);
      await withWorkers(publisher, async (start) => {
        const first = start();
        const handle = await publisher.publish(request);
        await until('blocks are on their way', async () => {
          return (await callCount(publisher, 'PutSnapshotBlock')) >= 3;
        });
        await first.kill();
        await publisher.setFaults([]);
        start();
        assert.equal((await handle.result()).outcome, 'published');
        await assertPublishedOnce(publisher, REGIONS);
      });
    });
  });

  it('leaves no snapshot when the run is cancelled in the middle of the blocks', async () => {
    await withPublisher(DIRECT, async (publisher) => {
      const { request } = await oneImage(publisher);
      const hold = { action: 'PutSnapshotBlock', kind: 'hang-request', occurrence: 3 } as const;
      await publisher.setFaults([{ ...hold, count: 0 }]);
      const handle = await publisher.publish(request);
      await until('blocks are on their way', async () => {
        return (await callCount(publisher, 'PutSnapshotBlock')) >= 3;
      });
      await handle.cancel();
      await assert.rejects(handle.result());
      await assertNothingLeft(publisher);
    });
  });
});
