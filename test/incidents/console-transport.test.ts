import assert from 'node:assert/strict';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import { assertNothingLeft, failureOf } from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';

const CONSOLE = ['transport = "console"', 'timeout = "60s"'];

describe('a test over the console', () => {
  it('needs no agent in the image, and reads its result from between the boot messages', async () => {
    const testScript = '#!/bin/bash\nfor i in $(seq 2000); do echo "line $i"; done\n';
    await withPublisher({ test: CONSOLE, testScript }, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const { images } = await (await publisher.signal(compose)).result();
      const [record] = images[0]?.tests ?? [];
      assert.equal(record?.exitStatus, 0);
      assert.match(record.output, /line 2000\n$/);
      assert.equal(record.variant, 'hvm-standard');
    });
  });

  it('fails the image with the output of a script that exits with another status', async () => {
    const testScript = '#!/bin/bash\necho "selinux is off" >&2\nexit 7\n';
    await withPublisher({ test: CONSOLE, testScript }, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const [image] = compose.images;
      assert(image);
      const handle = await publisher.publish({
        composeId: compose.composeId,
        release: '43',
        image: { ...image, arch: 'x86_64' },
      });
      const failure = await failureOf(handle.result());
      assert.equal(failure.type, EC2_TEST_EXCEPTION);
      assert.deepEqual((failure.details?.[0] as { output: string }).output, 'selinux is off\n');
      await assertNothingLeft(publisher);
    });
  });
});
