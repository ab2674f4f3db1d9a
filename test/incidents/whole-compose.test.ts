import assert from 'node:assert/strict';
import { callCount, INSTANCES_PER_IMAGE } from '../support/one-image.js';
import {
  failureOf,
  assertNoMachineLeft,
  assertNothingLeft,
  imageSha256,
} from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';

describe('a whole compose on the local cloud', () => {
  it('publishes both images in every enabled region, byte for byte, and leaves no machine; once, although it is signalled twice at once', async () => {
    await withPublisher({ publish: [] }, async (publisher) => {
      const compose = await publisher.compose();
      const [first, second] = await Promise.all([
        publisher.signal(compose),
        publisher.signal(compose),
      ]);
      assert.equal(first.signaledRunId, second.signaledRunId);
      const result = await first.result();
      assert.equal(result.outcome, 'published');
      // A test instance for each virtualization type; images for aarch64 have one.
      const launches = INSTANCES_PER_IMAGE + INSTANCES_PER_IMAGE - 1;
      assert.equal(await callCount(publisher, 'RunInstances'), launches);
      await assert.rejects(publisher.signal(compose), /already/i);
      assert.equal(result.images.length, 2);
      assert.deepEqual(
        result.images.flatMap(({ unsent }) => unsent ?? []),
        [],
        'no message is refused',
      );
      const alive = await publisher.resources();
      const images = alive.filter(({ type }) => type === 'image');
      const snapshots = alive.filter(({ type }) => type === 'snapshot');
      assert.equal(snapshots.length, 2 * 17, 'one snapshot per image and region');
      assert.equal(images.length, 17 * 2 + 9 * 2 + 17 * 2, 'HVM everywhere, PV where a kernel is');
      assert(
        alive.every((resource) => resource.public),
        JSON.stringify(alive),
      );
      await assertNoMachineLeft(publisher);
      for (const image of compose.images) {
        const own = snapshots.filter(({ tags }) => tags['fedimg:image'] === image.name);
        assert.equal(own.length, 17);
        for (const snapshot of own) {
          const sha256 = await imageSha256(publisher, snapshot, image.rawSizeBytes);
          assert.equal(sha256, image.rawSha256, snapshot.region);
        }
      }
    });
  });

  it('publishes two composes side by side without mixing them up', async () => {
    await withPublisher({}, async (publisher) => {
      const composes = [
        await publisher.compose({ architectures: ['x86_64'], seed: 'one' }),
        await publisher.compose({ architectures: ['x86_64'], seed: 'two' }),
      ];
      const handles = await Promise.all(composes.map((compose) => publisher.signal(compose)));
      const results = await Promise.all(handles.map((handle) => handle.result()));
      for (const [index, result] of results.entries()) {
        assert.equal(result.outcome, 'published');
        assert.equal(result.images[0]?.rawSha256, composes[index]?.images[0]?.rawSha256);
      }
      await assertNoMachineLeft(publisher);
    });
  });

  it('publishes nothing and leaves nothing when the test script exits with status 3', async () => {
    const testScript = '#!/bin/bash\necho "no route to host"\nexit 3\n';
    await withPublisher({ testScript }, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['aarch64'] });
      const image = compose.images[0];
      assert(image, 'no image');
      const handle = await publisher.signal(compose);
      const failure = await failureOf(handle.result());
      assert.match(failure.message, /exited with status 3/);
      await assertNothingLeft(publisher);
      const test = publisher.announced.find(({ body }) => body['status'] === 'failed');
      assert.equal((test?.body['extra'] as { data: string }).data, 'no route to host\n');
    });
  });
});
