import assert from 'node:assert/strict';
import { amazonLinux2023 } from '../../src/aws/ami-source.js';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import { withActivities } from '../support/activity-level.js';
import { assertNothingLeft, failureOf } from '../support/expectations.js';
import { withPublisher } from '../support/local-publisher.js';
import { planOf, TWO_REGIONS } from '../support/planned.js';

const CONSOLE = ['transport = "console"', 'timeout = "60s"'];
/** EC2 shows the console of a Xen instance late, so a paravirtual test would be silent until its time-out. */
const HVM = ['virtualization_types = ["hvm"]'];

describe('a test over the console', () => {
  it('needs no agent in the image, and reads its result from between the boot messages', async () => {
    const testScript = '#!/bin/bash\nfor i in $(seq 2000); do echo "line $i"; done\n';
    await withPublisher({ test: CONSOLE, publish: HVM, testScript }, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const { images } = await (await publisher.signal(compose)).result();
      const [record] = images[0]?.tests ?? [];
      assert.equal(record?.exitStatus, 0);
      assert.match(record.output, /line 2000\n$/);
      assert.equal(record.variant, 'hvm-standard');
    });
  });

  it('waits when EC2 does not know the instance yet whose console it reads', async () => {
    await withActivities({ ...TWO_REGIONS, test: CONSOLE }, async (level) => {
      const { aws, activities, request } = level;
      const plan = await planOf(level);
      const { origin, test, homeRegion: regionName } = plan;
      // In place of one that was registered: what runs the test is user-data, either way.
      const image = await amazonLinux2023(
        aws.region(regionName),
        'x86_64',
        AbortSignal.timeout(60_000),
      );
      const variant = { virt: 'hvm', volumeType: 'standard' } as const;
      const ami = { regionName, variant, name: 'one', ami: image, snapshot: 'snap-1' };
      const { arch } = request.image;
      const instance = await activities.launchTestInstance({
        origin,
        regionName,
        arch,
        ami,
        test,
        generation: 0,
      });
      const code = 'InvalidInstanceID.NotFound';
      const unknown = { action: 'GetConsoleOutput', kind: 'refusal', code, status: 400 } as const;
      await level.setFaults([{ ...unknown, count: 3 }]);
      const record = await activities.runTest({ origin, instance, ami, test });
      assert.deepEqual([record.exitStatus, record.instanceId], [0, instance.instanceId]);
      assert((await level.calls('GetConsoleOutput')) > 3, 'too few calls');
    });
  });

  it('fails the image with the output of a script that exits with another status', async () => {
    const testScript = '#!/bin/bash\necho "selinux is off" >&2\nexit 7\n';
    await withPublisher({ test: CONSOLE, publish: HVM, testScript }, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const [image] = compose.images;
      assert(image, 'no image');
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
