import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ClientError } from '../../src/client/errors.js';
import { imageRequestByHand } from '../../src/client/image-request.js';
import { signalCompose, startImage } from '../../src/client/start.js';
import { readStatus } from '../../src/client/status.js';
import { cancelPublication } from '../../src/client/cancel.js';
import { composeOf, fakeActivities, finalFailure } from '../support/fake-activities.js';
import { withWorker } from '../support/workflow-worker.js';
import { finishedMessage, imageOf, someComposeId, useSession } from './client-fixture.js';

describe('starting a publication', () => {
  const session = useSession();
  const resultOf = (workflowId: string, runId: string): Promise<unknown> =>
    session().access.client.workflow.getHandle(workflowId, runId).result();

  it('publishes a compose once when its message is sent twice at the same time', async () => {
    const composeId = someComposeId();
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(imageOf(composeId))),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const send = () => signalCompose(session(), finishedMessage(composeId), { taskQueue });
      const [one, other] = await Promise.all([send(), send()]);
      assert.equal(one.runId, other.runId);
      await resultOf(one.workflowId, one.runId);
      assert.equal(fake.count('writeImage'), 1);
    });
  });

  it('does not publish a published compose again, and reports that', async () => {
    const composeId = someComposeId();
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(imageOf(composeId))),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const message = finishedMessage(composeId);
      const first = await signalCompose(session(), message, { taskQueue });
      assert.equal(first.state, 'started');
      await resultOf(first.workflowId, first.runId);
      const second = await signalCompose(session(), message, { taskQueue });
      assert.equal(second.state, 'published');
      assert.equal(second.runId, first.runId);
      assert.equal(fake.count('writeImage'), 1);
    });
  });

  it('runs a failed compose again when its message is sent again', async () => {
    const composeId = someComposeId();
    let broken = true;
    const fake = fakeActivities({
      readCompose: () =>
        broken
          ? Promise.reject(finalFailure('no metadata'))
          : Promise.resolve(composeOf(imageOf(composeId))),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const message = finishedMessage(composeId);
      const first = await signalCompose(session(), message, { taskQueue });
      await assert.rejects(resultOf(first.workflowId, first.runId));
      const failed = await readStatus(session(), first);
      assert.equal(failed.outcome, 'failed');
      assert(failed.kind === 'compose', failed.kind);
      assert.deepEqual(failed.message, message);
      broken = false;
      const second = await signalCompose(session(), message, { taskQueue });
      assert.equal(second.state, 'started');
      assert.notEqual(second.runId, first.runId);
      await resultOf(second.workflowId, second.runId);
    });
  });

  it('updates a running compose that waits', async () => {
    const composeId = someComposeId();
    await withWorker(fakeActivities().activities, async ({ taskQueue }) => {
      const started = { composeId, status: 'STARTED' } as const;
      const first = await signalCompose(session(), started, { taskQueue });
      const doomed = { composeId, status: 'DOOMED' } as const;
      const second = await signalCompose(session(), doomed, { taskQueue });
      assert.deepEqual([second.state, second.runId], ['running', first.runId]);
      await resultOf(first.workflowId, first.runId);
      const status = await readStatus(session(), first);
      assert(status.kind === 'compose', status.kind);
      assert.equal(status.outcome, 'ended');
      assert.match(status.reason ?? '', /DOOMED/);
    });
  });

  it('publishes a doomed compose that is finished later, and reports it as published only then', async () => {
    const composeId = someComposeId();
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(imageOf(composeId))),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const doomed = { composeId, status: 'DOOMED' } as const;
      const first = await signalCompose(session(), doomed, { taskQueue });
      await resultOf(first.workflowId, first.runId);
      const again = await signalCompose(session(), doomed, { taskQueue });
      assert.deepEqual([again.state, again.runId], ['ended', first.runId]);
      const message = finishedMessage(composeId);
      const second = await signalCompose(session(), message, { taskQueue });
      assert.equal(second.state, 'started');
      await resultOf(second.workflowId, second.runId);
      assert.equal(fake.count('writeImage'), 1);
      assert.equal((await signalCompose(session(), message, { taskQueue })).state, 'published');
    });
  });

  it('refuses another file under a name that is being published', async () => {
    const name = `disk-43-${randomUUID().slice(0, 8)}.x86_64`;
    const request = (host: string) =>
      imageRequestByHand({ url: `https://${host}/${name}.raw.xz`, arch: 'x86_64' });
    const { promise: held, release } = hold();
    const fake = fakeActivities({
      writeImage: async () => {
        await held;
        return { sha256: 'a'.repeat(64), rawSha256: 'b'.repeat(64), rawSizeBytes: 1 };
      },
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const first = await startImage(session(), request('one.example'), { taskQueue });
      assert.equal(first.workflowId, `image/${name}/by-hand/x86_64`);
      const again = await startImage(session(), request('one.example'), { taskQueue });
      assert.deepEqual([again.state, again.runId], ['running', first.runId]);
      await assert.rejects(
        startImage(session(), request('other.example'), { taskQueue }),
        (error: unknown) =>
          error instanceof ClientError &&
          error.kind === 'conflict' &&
          /one\.example/.test(error.message),
      );
      release();
      await resultOf(first.workflowId, first.runId);
    });
  });

  it('cancels a compose with its images, and reports when the run is closed already', async () => {
    const composeId = someComposeId();
    const { promise: held, release } = hold();
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(imageOf(composeId))),
      announce: (batch) => held.then(() => ({ handled: batch.length, refused: [] })),
      planImage: () => Promise.reject(new Error('not yet')),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const { workflowId, runId } = await signalCompose(session(), finishedMessage(composeId), {
        taskQueue,
      });
      await untilImages(composeId);
      const { requested } = await cancelPublication(session(), composeId, { by: 'a test' });
      assert(requested, 'requested is false');
      release();
      await assert.rejects(resultOf(workflowId, runId));
      const status = await readStatus(session(), { workflowId, runId });
      assert(status.kind === 'compose', status.kind);
      assert.equal(status.outcome, 'cancelled');
      assert.deepEqual(
        status.images.map(({ outcome }) => outcome),
        ['cancelled'],
      );
      assert.equal(
        (await cancelPublication(session(), composeId, { by: 'a test' })).requested,
        false,
      );
    });
  });

  async function untilImages(composeId: string): Promise<void> {
    for (;;) {
      const status = await readStatus(session(), { workflowId: `compose/${composeId}` });
      if (status.kind === 'compose' && status.images.length > 0) return;
    }
  }
});

function hold(): { promise: Promise<void>; release: () => void } {
  let release: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}
