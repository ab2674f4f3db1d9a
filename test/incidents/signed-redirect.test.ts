import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import { assertNothingLeft, failureOf } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { testTemporal } from '../support/temporal.js';

const SECRET = 'X-Signature=0123456789abcdef';

/** An image whose server redirects to a signed URL, as object stores and mirrors do. */
async function redirectedImage(publisher: LocalPublisher): Promise<ImageRequest> {
  const compose = await publisher.compose({ architectures: ['x86_64'] });
  const [image] = compose.images;
  assert(image, 'no image');
  await copyFile(image.file, image.file.replace(/\.raw\.xz$/, '.stored'));
  publisher.server.setFault(new URL(image.url).pathname, {
    redirectTo: `${image.url.replace(/\.raw\.xz$/, '.stored')}?${SECRET}`,
  });
  return { composeId: compose.composeId, release: '43', image: { ...image, arch: 'x86_64' } };
}

async function historyOf(workflowId: string): Promise<string> {
  const { client } = await testTemporal();
  return historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory());
}

/** Payloads stand in base64 in a history. */
function decoded(history: string): string {
  const payloads = history.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g);
  return [...payloads].map(([, data]) => Buffer.from(data ?? '', 'base64').toString()).join('\n');
}

describe('an image that is stored behind a signed redirect', () => {
  it('is published, and no history keeps the signature', async () => {
    await withPublisher({ publish: ['regions = ["us-east-1"]'] }, async (publisher) => {
      const handle = await publisher.publish(await redirectedImage(publisher));
      const result = await handle.result();
      assert.equal(result.outcome, 'published');
      const history = await historyOf(handle.workflowId);
      assert(decoded(history).includes('.raw.xz'), 'the payloads are read');
      assert(!`${history}${decoded(history)}`.includes(SECRET), 'the history has the signature');
    });
  });

  it('keeps the signature out of the failure when the store refuses it', async () => {
    await withPublisher({ publish: ['regions = ["us-east-1"]'] }, async (publisher) => {
      const request = await redirectedImage(publisher);
      const wrong = { ...request.image, sha256: 'f'.repeat(64) };
      const handle = await publisher.publish({ ...request, image: wrong });
      const failure = await failureOf(handle.result());
      const history = await historyOf(handle.workflowId);
      assert(
        !`${failure.message}${history}${decoded(history)}`.includes(SECRET),
        'the failure or the history has the signature',
      );
      await assertNothingLeft(publisher);
    });
  });
});
