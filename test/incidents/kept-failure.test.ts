import assert from 'node:assert/strict';
import { assertNoMachineLeft, failureOf } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';

const FAILING = '#!/bin/bash\nexit 3\n';
const KEEP = ['keep_failed = true', 'keep_failed_for = "2h"'];

async function failedRun(publisher: LocalPublisher): Promise<string> {
  const compose = await publisher.compose({ architectures: ['x86_64'] });
  const [image] = compose.images;
  assert(image, 'no image');
  const handle = await publisher.publish({
    composeId: compose.composeId,
    release: '43',
    image: { ...image, arch: 'x86_64' },
  });
  return (await failureOf(handle.result())).message;
}

describe('a failed test that somebody wants to look at', () => {
  it('keeps its AMIs and snapshot private, with the end of their stay on them, and no machine', async () => {
    await withPublisher({ testScript: FAILING, test: KEEP }, async (publisher) => {
      const beganMs = Date.now();
      const message = await failedRun(publisher);
      const alive = await publisher.resources();
      assert.equal(alive.filter(({ type }) => type === 'image').length, 4);
      assert.equal(alive.filter(({ type }) => type === 'snapshot').length, 1);
      await assertNoMachineLeft(publisher);
      for (const resource of alive) {
        assert.equal(resource.public, false, resource.id);
        const until = Date.parse(resource.tags['fedimg:keep-until'] ?? '');
        assert(
          until >= beganMs + 2 * 3_600_000 && until <= Date.now() + 2 * 3_600_000,
          `${until}, ${beganMs + 2 * 3_600_000}`,
        );
        assert(message.includes(resource.id), 'the failure names what is kept');
      }
    });
  });

  it('keeps nothing when the tag with the end cannot be set', async () => {
    await withPublisher({ testScript: FAILING, test: KEEP }, async (publisher) => {
      await publisher.setFaults([{ action: 'CreateTags', kind: 'refusal', count: 0 }]);
      await failedRun(publisher);
      assert.deepEqual(await publisher.resources(), []);
    });
  });
});
