import assert from 'node:assert/strict';
import { copyFile, open, rename } from 'node:fs/promises';
import { compressXz } from '../../src/local/disk-image/xz-file.js';
import type { FailureDetails } from '../../src/model/errors.js';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import { assertNothingLeft, failureOf } from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';
import { oneImage } from '../support/one-image.js';

const TWO_REGIONS = ['regions = ["us-east-1", "eu-west-1"]'];

describe('the test instance', () => {
  it('that floods its output with escape sequences steers no terminal, and fills no history', async () => {
    const testScript =
      "#!/bin/bash\nfor _ in $(seq 30000); do printf '\\033[2J'; done\necho the end\n";
    await withPublisher({ publish: ['regions = ["us-east-1"]'], testScript }, async (publisher) => {
      const { request } = await oneImage(publisher);
      const { tests } = await (await publisher.publish(request)).result();
      const output = tests[0]?.output ?? '';
      assert.match(output, /the end\n$/);
      assert(!output.includes('\u001b'), output);
      assert(output.length <= 32 * 1024, String(output.length));
    });
  });

  it('of an image that does not boot fails the image, after a second one, with the end of its console', async () => {
    const options = { publish: TWO_REGIONS, agentPatienceMs: 8_000, waitsTakeNoTime: true };
    await withPublisher(options, async (publisher) => {
      const { image, request } = await oneImage(publisher);
      // Tests share the raw file.
      const broken = `${image.rawFile}.broken`;
      await copyFile(image.rawFile, broken);
      const disk = await open(broken, 'r+');
      await disk.write(Buffer.alloc(1024 * 1024), 0, 1024 * 1024, 0);
      await disk.close();
      const { file, compressed } = await compressXz(broken);
      await rename(file, image.file);
      const handle = await publisher.publish({
        ...request,
        image: { ...request.image, ...compressed },
      });
      const failure = await failureOf(handle.result());
      assert.equal(failure.type, EC2_TEST_EXCEPTION);
      const { code, output } = failure.details?.[0] as FailureDetails;
      assert.equal(code, 'agent-missing');
      assert.match(output ?? '', /No bootable option or device was found\.\n/);
      const launched = (await publisher.cloud.effects()).filter(
        ({ action, request }) =>
          action === 'RunInstances' &&
          (request as { InstanceType?: string }).InstanceType === 't3.small',
      );
      assert.equal(launched.length, 2);
      await assertNothingLeft(publisher);
    });
  });
});
