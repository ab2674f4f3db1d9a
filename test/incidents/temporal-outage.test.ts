import assert from 'node:assert/strict';
import { assertNothingLeft, failureOf } from '../support/expectations.js';
import { holdDownload } from '../support/held-download.js';
import { withPublisher } from '../support/local-publisher.js';
import {
  assertPublishedOnce,
  callCount,
  INSTANCES_PER_IMAGE,
  oneImage,
} from '../support/one-image.js';
import type { OwnTemporal } from '../support/own-temporal.js';
import { withOwnTemporal } from '../support/own-temporal.js';
import { until } from '../support/until.js';

const REGIONS = ['us-east-1', 'eu-west-1', 'us-east-2'];

/** Down for as long as the cloud needs to get on without it. */
async function outage(temporal: OwnTemporal, meanwhile: () => Promise<void> | void): Promise<void> {
  await temporal.crash();
  await meanwhile();
  await temporal.restart();
}

describe("a crash of Temporal's server", () => {
  it('in the middle of the write and of the copies ends nothing and doubles nothing', async () => {
    await withOwnTemporal(async (temporal) => {
      await withPublisher({ temporal }, async (publisher) => {
        const one = await oneImage(publisher);
        const { image, request, path } = one;
        const download = holdDownload(publisher, one);
        await publisher.setFaults([
          { action: 'CopySnapshot', kind: 'stuck', forMs: 3_000, count: 0 },
        ]);
        const handle = await publisher.publish(request);
        const sent = () => publisher.server.requests(path).bytes;
        await download.reached();
        await outage(temporal, () => {
          download.release();
          return until('the download goes on alone', () => sent() >= image.sizeBytes);
        });
        await until('the copies', async () => (await callCount(publisher, 'CopySnapshot')) >= 2);
        await outage(temporal, () =>
          until('a copy completes unseen', async () =>
            (await publisher.resources()).some(
              ({ type, region, state }) =>
                type === 'snapshot' && region !== 'us-east-1' && state === 'completed',
            ),
          ),
        );
        const result = await handle.result();
        assert.equal(result.outcome, 'published');
        await assertPublishedOnce(publisher, REGIONS);
        assert.equal(await callCount(publisher, 'RunInstances'), INSTANCES_PER_IMAGE);
        assert.equal(await callCount(publisher, 'CopySnapshot'), 2);
        assert(sent() < image.sizeBytes * 1.5, 'downloaded once');
      });
    });
  });

  it('in the middle of the clean-up leaves nothing behind once it is back', async () => {
    await withOwnTemporal(async (temporal) => {
      const testScript = '#!/bin/bash\nexit 3\n';
      await withPublisher({ temporal, testScript }, async (publisher) => {
        const { request } = await oneImage(publisher);
        // The first removal takes no effect, so that there is one left for after the crash.
        await publisher.setFaults([{ action: 'DeregisterImage', kind: 'error', count: 6 }]);
        const handle = await publisher.publish(request);
        await until('a removal', async () => (await callCount(publisher, 'DeregisterImage')) > 0);
        await outage(temporal, () => undefined);
        const failure = await failureOf(handle.result());
        assert.match(failure.message, /exited with status 3/);
        assert.doesNotMatch(failure.message, /left behind/);
        await assertNothingLeft(publisher);
      });
    });
  });
});
