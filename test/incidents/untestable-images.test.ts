import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import { assertNoMachineLeft, assertNothingLeft, failureOf } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';

const run = promisify(execFile);

const ONE_REGION = { publish: ['regions = ["us-east-1", "eu-west-1"]'] };

async function requestFor(
  publisher: LocalPublisher,
  spoil?: (raw: string) => Promise<void>,
): Promise<ImageRequest> {
  const compose = await publisher.compose({ architectures: ['x86_64'] });
  const [image] = compose.images;
  assert(image, 'no image');
  if (spoil !== undefined) {
    const raw = `${image.file}.spoilt`;
    await run('bash', ['-c', 'xz -dc "$0" >"$1"', image.file, raw]);
    await spoil(raw);
    await run('bash', ['-c', 'xz -0 -c "$1" >"$0"', image.file, raw]);
  }
  const bytes = await readFile(image.file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { subvariant, url, name } = image;
  return {
    composeId: compose.composeId,
    release: '43',
    image: { subvariant, arch: 'x86_64', url, name, sha256, sizeBytes: bytes.length },
  };
}

/** As most images are today: a GPT, and no partition that GRUB Legacy could read. */
async function withoutMbrPartitions(raw: string): Promise<void> {
  const file = await open(raw, 'r+');
  try {
    const table = Buffer.alloc(64);
    await file.read(table, 0, 64, 446);
    for (let at = 0; at < 64; at += 16) {
      if (table[at + 4] !== 0xee) table.fill(0, at, at + 16);
    }
    await file.write(table, 0, 64, 446);
  } finally {
    await file.close();
  }
}

describe('an image that PV-GRUB finds nothing to boot in', () => {
  it('gets its HVM AMIs in every region and no paravirtual one, and is complete when it is published again', async () => {
    await withPublisher({ ...ONE_REGION, waitsTakeNoTime: true }, async (publisher) => {
      const request = await requestFor(publisher, withoutMbrPartitions);
      const result = await (await publisher.publish(request)).result();
      assert.equal(result.outcome, 'published');
      const [untested] = result.untested ?? [];
      assert.match(untested?.reason ?? '', /^PV-GRUB found nothing to boot in ami-\S+: Error 17: /);
      const isPublic = result.amis.filter((ami) => ami.public);
      assert.deepEqual([...new Set(isPublic.map(({ virt }) => virt))], ['hvm']);
      assert.equal(isPublic.length, 4);
      const missing = result.amis.filter(({ ami }) => ami === null);
      assert.equal(missing.length, 4);
      assert(
        missing.every(({ virt, reason }) => virt === 'paravirtual' && reason === untested?.reason),
        JSON.stringify(missing),
      );
      await assertNoMachineLeft(publisher);
      const there = await publisher.resources();
      assert.equal(
        there.filter(({ type }) => type === 'image').length,
        4,
        'no private AMI is left',
      );
      const again = await (await publisher.publish(request)).result();
      assert.equal(again.outcome, 'already-published');
      assert.deepEqual(again.untested, result.untested);
    });
  });
});

describe('an SSM agent whose package was changed on its way', () => {
  const account = { agentBucket: 'tampered' } as const;
  const REASON =
    /the SSM agent was not installed on i-\S+ \(bad-signature\): the package is not the one/;

  it('is not installed: the test runs over the console instead, and its record says why', async () => {
    // EC2 shows the console of the older types, on which paravirtual AMIs run, only now and then.
    const publish = ['regions = ["us-east-1"]', 'virtualization_types = ["hvm"]'];
    const test = ['timeout = "60s"'];
    const options = { publish, test, account, waitsTakeNoTime: true };
    await withPublisher(options, async (publisher) => {
      const { outcome, tests } = await (
        await publisher.publish(await requestFor(publisher))
      ).result();
      assert.equal(outcome, 'published');
      assert.equal(tests.length, 1);
      for (const { transport, transportReason, output } of tests) {
        assert.equal(transport, 'console');
        assert.match(transportReason ?? '', REASON);
        assert.equal(output, 'all is well\n');
      }
    });
  });

  it('fails an image that is to be tested over SSM, with what to do', async () => {
    const test = ['transport = "ssm"'];
    const options = { ...ONE_REGION, account, test, waitsTakeNoTime: true };
    await withPublisher(options, async (publisher) => {
      const request = await requestFor(publisher);
      const failure = await failureOf((await publisher.publish(request)).result());
      assert.equal(failure.type, EC2_TEST_EXCEPTION);
      assert.match(failure.message, REASON);
      const { code, next } = failure.details?.[0] as { code: string; next: string };
      assert.equal(code, 'agent-bad-signature');
      assert.match(next, /Or use test\.transport = "console"/);
      await assertNothingLeft(publisher);
    });
  });
});
