import assert from 'node:assert/strict';
import { cancelled, heartbeat } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import type { Activities } from '../../src/activities/activities.js';
import { imageProgressQuery } from '../../src/contract.js';
import { copyAnnouncements } from '../../src/model/progress/announcement.js';
import type { ImageProgress } from '../../src/model/progress/progress.js';
import type { Variant } from '../../src/model/ids/variant.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { somePlan, someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import { failureOf } from '../support/expectations.js';
import { withWorker } from '../support/workflow-worker.js';

/** A plan with a number, so that one message names all its AMIs. */
const publishedAsCloudBase: Activities['planImage'] = ({ request, workflowId, runId }) => {
  const plan = somePlan(request, { workflowId, runId });
  const publishedAs = { imageName: 'a', release: 43, milestone: 'rc', subvariant: 'Cloud_Base' };
  return Promise.resolve({ ...plan, publishedAs });
};

describe('the messages of an image', () => {
  it('name all public AMIs, and only those, in the one message for the whole image', async () => {
    const fake = fakeActivities({
      planImage: publishedAsCloudBase,
      publishRegion: ({ regionName: region }) =>
        region === 'eu-west-1' ? Promise.reject(finalFailure('refused')) : Promise.resolve(),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      const sent = fake.announced.filter(({ topic }) => topic.startsWith('published.v1.aws.'));
      assert.equal(sent.length, 1);
      assert.equal(sent[0]?.topic, 'published.v1.aws.rc.Cloud_Base.x86_64');
      const { regions } = sent[0].body as { regions: Record<string, string> };
      const best = result.amis.filter(
        ({ ami, virt, volumeType }) => ami !== null && virt === 'hvm' && volumeType === 'gp2',
      );
      assert.deepEqual(regions, Object.fromEntries(best.map(({ region, ami }) => [region, ami])));
      assert(!('eu-west-1' in regions), 'eu-west-1');
    });
  });

  it('report a release that is cancelled after its home region became public: it stays public', async () => {
    const fake = fakeActivities({
      planImage: publishedAsCloudBase,
      publishRegion: async ({ regionName: region }) => {
        if (region !== 'sa-east-1') return;
        const beat = setInterval(heartbeat, 200);
        await cancelled().finally(() => clearInterval(beat));
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the last wave is under way', async () => {
        const { regions } = await handle.query(imageProgressQuery);
        return (
          regions.some(({ state }) => state === 'publishing') &&
          fake.count('publishRegion sa-east-1') > 0
        );
      });
      await handle.cancel();
      await assert.rejects(handle.result(), WorkflowFailedError);
    });
    const sent = fake.announced.filter(({ topic }) => topic.startsWith('published.v1.aws.'));
    assert.equal(sent.length, 1);
    const { regions } = sent[0]?.body as { regions: Record<string, string> };
    assert('us-east-1' in regions && !('sa-east-1' in regions), Object.keys(regions).join('\n'));
  });

  it('report no paravirtual copy in a region without a PV kernel', async () => {
    const isHvm = ({ variant }: { variant: Variant }) => variant.virt === 'hvm';
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) => {
        const plan = somePlan(request, { workflowId, runId });
        const [poor, ...others] = plan.copies;
        assert(poor, 'no poor');
        const copies = [{ ...poor, wanted: poor.wanted.filter(isHvm) }, ...others];
        return Promise.resolve({ ...plan, copies });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      await (await startImage(someRequest())).result();
    });
    const copied = fake.announced.filter(({ topic }) => topic === 'image.copy');
    const reportedFor = (regionName: string) =>
      copied
        .filter(({ body }) => body['destination'] === regionName)
        .map(({ body }) => {
          const { virt_type, vol_type } = body['extra'] as Record<string, string>;
          return `${virt_type} ${vol_type}`;
        });
    assert.deepEqual(reportedFor('eu-west-1'), ['hvm standard', 'hvm gp2']);
    assert.equal(reportedFor('sa-east-1').length, 4);
  });

  it('report a paravirtual copy without a source AMI when the home region has no PV kernel', () => {
    const plan = somePlan(someRequest(), { workflowId: 'image/a', runId: 'run' });
    const [region] = plan.copies;
    assert(region, 'no region');
    const copies = registered(region, 'snap-copied');
    const sources = registered(plan.home, 'snap-home').filter(
      ({ variant }) => variant.virt === 'hvm',
    );
    const sent = copyAnnouncements(plan, copies, sources);
    const extras = sent.map(({ body }) => body['extra'] as Record<string, string>);
    assert.deepEqual(
      extras.map(({ virt_type, source_image_id }) => [virt_type, source_image_id !== undefined]),
      [
        ['hvm', true],
        ['hvm', true],
        ['paravirtual', false],
        ['paravirtual', false],
      ],
    );
    assert(
      extras.every(({ id }) => id !== undefined),
      JSON.stringify(extras),
    );
  });

  it('report a failed upload when EC2 refuses to register the AMIs', async () => {
    const fake = fakeActivities({
      registerImages: () => Promise.reject(finalFailure('the quota of AMIs is reached')),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      await failureOf((await startImage(someRequest())).result());
    });
    const statuses = fake.announced.map(({ topic, body }) => `${topic} ${String(body['status'])}`);
    assert.deepEqual(
      [...new Set(statuses)],
      [
        ...['run.v1.started undefined', 'image.upload started'],
        ...['image.upload failed', 'run.v1.failed undefined'],
      ],
    );
    assert.equal(statuses.length % 2, 0);
    assert.match(String(fake.announced.at(-1)?.body['reason']), /quota of AMIs/);
  });

  it('report a run that fails before it has a plan: silence would look like a day without a compose', async () => {
    const fake = fakeActivities({
      planImage: () => Promise.reject(finalFailure('the image server has no such file')),
    });
    const request = someRequest();
    await withWorker(fake.activities, async ({ startImage }) => {
      await failureOf((await startImage(request)).result());
    });
    assert.deepEqual(
      fake.announced.map(({ topic, body }) => [topic, body['image_name'], body['reason']]),
      [['run.v1.failed', request.image.name, 'the image server has no such file']],
    );
  });

  it('that the broker refused are listed in the failure, even the one that reports this failure', async () => {
    let answer = () => undefined as void;
    const closed = new Promise<void>((resolve) => (answer = resolve));
    const fake = fakeActivities({
      runTest: () => Promise.reject(finalFailure('exit status 1')),
      announce: async (batch) => {
        const failed = batch.filter(({ topic }) => topic === 'run.v1.failed');
        // A slow broker: the rest of the run has ended by then.
        if (failed.length > 0) await closed;
        return { handled: batch.length, refused: failed.map(({ key }) => key) };
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('all else is done', async () => {
        const { outcome } = await handle.query(imageProgressQuery);
        return outcome === 'failed';
      });
      answer();
      const failure = await failureOf(handle.result());
      const [, progress] = failure.details as [unknown, ImageProgress];
      assert.equal(progress.unsent?.length, 1);
      assert.match(progress.unsent[0] ?? '', /run\/ended/);
    });
  });

  it('that were given up are counted one by one, not by batches', async () => {
    const fake = fakeActivities({ announce: () => Promise.reject(finalFailure('for a week')) });
    const good = fakeActivities();
    await withWorker(good.activities, async ({ startImage }) => {
      await (await startImage(someRequest())).result();
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const { unsent } = await (await startImage(someRequest())).result();
      assert.equal(unsent?.length, good.announced.length);
      assert.match(unsent[0] ?? '', /^run\.v1\.started \(.*\): .*for a week/);
    });
  });
});
