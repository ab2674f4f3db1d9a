import assert from 'node:assert/strict';
import type {
  LaunchTestInput,
  LeaveOutUntestedInput,
} from '../../../src/activities/shapes/test.js';
import type { PublishRegionInput } from '../../../src/activities/shapes/region.js';
import { EC2_TEST_EXCEPTION } from '../../../src/model/errors.js';
import type { ImageResult } from '../../../src/model/progress/progress.js';
import { failureOf } from '../../support/expectations.js';
import type { FakeActivities } from '../../support/fake-activities.js';
import { fakeActivities, finalFailure } from '../../support/fake-activities.js';
import { somePlan, someRequest } from '../../support/images.js';
import { withWorker } from '../../support/workflow-worker.js';

const FIRST_OF_EACH = [
  { virt: 'hvm', volumeType: 'standard' },
  { virt: 'paravirtual', volumeType: 'standard' },
] as const;

interface Seen {
  readonly fake: FakeActivities;
  readonly published: PublishRegionInput[];
  readonly leftOut: LeaveOutUntestedInput[];
}

/** A run whose paravirtual test instance ends as the test says. */
function runWith(refuse: (input: LaunchTestInput) => Error | undefined): Seen {
  const published: PublishRegionInput[] = [];
  const leftOut: LeaveOutUntestedInput[] = [];
  const good = fakeActivities().activities;
  const fake = fakeActivities({
    planImage: ({ request, workflowId, runId }) => {
      const plan = somePlan(request, { workflowId, runId });
      const registration = {
        ...plan.registration,
        tests: ['hvm-standard', 'paravirtual-standard'],
      };
      return Promise.resolve({
        ...plan,
        test: { ...plan.test, variants: FIRST_OF_EACH },
        registration,
      });
    },
    launchTestInstance: (input) => {
      const failure = refuse(input);
      return failure === undefined ? good.launchTestInstance(input) : Promise.reject(failure);
    },
    leaveOutUntested: (input) => {
      leftOut.push(input);
      return Promise.resolve();
    },
    publishRegion: (input) => {
      published.push(input);
      return Promise.resolve();
    },
  });
  return { fake, published, leftOut };
}

async function publishWith({ fake }: Seen): Promise<ImageResult> {
  let result: ImageResult | undefined;
  await withWorker(fake.activities, async ({ startImage }) => {
    result = await (await startImage(someRequest())).result();
  });
  assert(result, 'no result');
  return result;
}

const noRoom = ({ ami }: LaunchTestInput): Error | undefined =>
  ami.variant.virt === 'paravirtual'
    ? finalFailure('Unsupported: m3.medium is not offered', { class: 'capacity' })
    : undefined;

describe('paravirtual AMIs', () => {
  it('are tested on an instance of their own, after the HVM ones', async () => {
    const seen = runWith(() => undefined);
    const result = await publishWith(seen);
    assert.deepEqual(
      result.tests.map(({ variant }) => variant),
      ['hvm-standard', 'paravirtual-standard'],
    );
    assert.equal(result.amis.filter((ami) => ami.public).length, 16);
    assert.equal(result.untested, undefined);
    assert.equal(seen.fake.count('launchTestInstance us-east-1'), 2);
  });

  it('that cannot be tested are left out with the reason, and the HVM ones are published', async () => {
    const seen = runWith(noRoom);
    const result = await publishWith(seen);
    const reason = 'Unsupported: m3.medium is not offered';
    assert.equal(result.outcome, 'published');
    assert.deepEqual(result.untested, [{ virt: 'paravirtual', reason }]);
    const paravirtual = result.amis.filter(({ virt }) => virt === 'paravirtual');
    assert.equal(paravirtual.length, 8);
    assert(
      paravirtual.every((ami) => ami.ami === null && ami.reason === reason && !ami.tested),
      JSON.stringify(paravirtual),
    );
    assert.equal(result.amis.filter((ami) => ami.public).length, 8);
    assert(
      seen.published.every(({ amis }) => amis.every(({ variant }) => variant.virt === 'hvm')),
      JSON.stringify(seen.published),
    );
    const [left] = seen.leftOut;
    assert.equal(left?.amis.length, 2);
    assert.deepEqual(left.kept[0], 'snap-home', 'the snapshot of the HVM AMIs keeps the note');
    const announced = seen.fake.announced.filter(({ topic }) => topic === 'image.publish');
    const types = announced.map(({ body }) => (body['extra'] as { virt_type: string }).virt_type);
    assert.deepEqual([...new Set(types)], ['hvm']);
    assert.equal(types.length, 8);
  });

  it('whose script fails fail the image: that is a tested AMI and a bad one', async () => {
    const seen = runWith(({ ami }) =>
      ami.variant.virt === 'paravirtual'
        ? finalFailure(
            'exited with status 3',
            { code: 'test-failed', exitStatus: 3 },
            EC2_TEST_EXCEPTION,
          )
        : undefined,
    );
    await withWorker(seen.fake.activities, async ({ startImage }) => {
      const failure = await failureOf((await startImage(someRequest())).result());
      assert.equal(failure.type, EC2_TEST_EXCEPTION);
    });
    assert.deepEqual([seen.published, seen.leftOut], [[], []]);
  });

  it('do not excuse HVM ones: without a test of those the image fails', async () => {
    const seen = runWith(({ ami }) =>
      ami.variant.virt === 'hvm' ? finalFailure('no room', { class: 'capacity' }) : undefined,
    );
    await withWorker(seen.fake.activities, async ({ startImage }) => {
      await failureOf((await startImage(someRequest())).result());
    });
    assert.deepEqual(seen.published, []);
  });
});
