import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { heartbeat } from '@temporalio/activity';
import { listAmis } from '../../src/client/amis.js';
import { ClientError } from '../../src/client/errors.js';
import { resolvePublication } from '../../src/client/publications.js';
import { signalCompose, startImage } from '../../src/client/start.js';
import type { ImageStatus } from '../../src/client/status.js';
import { readStatus } from '../../src/client/status.js';
import { EC2_TEST_EXCEPTION } from '../../src/model/errors.js';
import { composeOf, fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { withWorker } from '../support/workflow-worker.js';
import {
  byHand,
  finishedMessage,
  imageOf,
  someComposeId,
  UI,
  useSession,
} from './client-fixture.js';

describe('the status of a publication', () => {
  const session = useSession();
  const resultOf = (workflowId: string, runId: string): Promise<unknown> =>
    session().access.client.workflow.getHandle(workflowId, runId).result();

  async function imageUntil(
    run: { workflowId: string; runId: string },
    isSeen: (status: ImageStatus) => boolean,
  ): Promise<ImageStatus> {
    for (;;) {
      const status = await readStatus(session(), run);
      assert(status.kind === 'image', status.kind);
      if (isSeen(status)) return status;
      assert.equal(status.outcome, 'running');
    }
  }

  it('shows the bytes of a write, and why its first attempt failed', async () => {
    let attempts = 0;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = fakeActivities({
      writeImage: async () => {
        attempts += 1;
        if (attempts === 1) throw new Error('the agent is away');
        heartbeat({ version: 1, kind: 'write', phase: 'download', bytes: 512, totalBytes: 2048 });
        await held;
        return { sha256: 'a'.repeat(64), rawSha256: 'b'.repeat(64), rawSizeBytes: 1024 };
      },
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), byHand(), { taskQueue });
      const status = await imageUntil(
        run,
        // Without a note the worker itself has answered.
        ({ activities: [act], note }) =>
          note === null && (act?.attempt ?? 0) > 1 && act?.heartbeat !== null,
      );
      assert.equal(status.progress?.steps.write.state, 'running');
      const [write] = status.activities;
      assert.equal(write?.type, 'writeImage');
      assert.deepEqual(write.heartbeat, {
        version: 1,
        kind: 'write',
        phase: 'download',
        bytes: 512,
        totalBytes: 2048,
      });
      assert.match(write.lastFailure?.message ?? '', /the agent is away/);
      release();
      await resultOf(run.workflowId, run.runId);
    });
  });

  it("shows why an image failed, with the test's output and the request", async () => {
    const request = byHand();
    const fake = fakeActivities({
      runTest: () =>
        Promise.reject(
          finalFailure(
            'exited with status 3',
            { output: 'no route', exitStatus: 3 },
            EC2_TEST_EXCEPTION,
          ),
        ),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), request, { taskQueue });
      await assert.rejects(resultOf(run.workflowId, run.runId));
      const status = await readStatus(session(), run);
      assert(status.kind === 'image', status.kind);
      assert.equal(status.outcome, 'failed');
      assert.equal(status.failure?.type, 'EC2TestException');
      assert.match(status.failure.message, /exited with status 3/);
      assert.equal(status.failure.output, 'no route');
      assert.equal(status.failure.exitStatus, 3);
      assert.deepEqual(status.request, request);
      assert.equal(status.progress?.steps.test.state, 'failed');
    });
  });

  it('is complete even when no worker answers', async () => {
    const request = byHand();
    const fake = fakeActivities({
      publishRegion: ({ regionName: region }) =>
        region === 'sa-east-1' ? Promise.reject(finalFailure('quota')) : Promise.resolve(),
    });
    const run = await withWorker(fake.activities, async ({ taskQueue }) => {
      const started = await startImage(session(), request, { taskQueue });
      await resultOf(started.workflowId, started.runId);
      return started;
    });
    const status = await readStatus(session(), run);
    assert(status.kind === 'image', status.kind);
    assert.equal(status.outcome, 'partly-published');
    assert.equal(status.progress?.regions.length, 4);
    assert.deepEqual(
      status.progress.regions.filter(({ state }) => state !== 'published'),
      [{ region: 'sa-east-1', state: 'failed', reason: 'quota', next: 'nothing', amis: [] }],
    );
    const unstarted = await startImage(session(), byHand(), { taskQueue: 'unpolled' });
    const waiting = await readStatus(session(), unstarted);
    assert.equal(waiting.outcome, 'running');
    assert.match(waiting.note ?? '', /no worker polls task queue unpolled/);
    assert.equal(waiting.kind === 'image' ? waiting.progress?.arch : undefined, 'x86_64');
    await session()
      .access.client.workflow.getHandle(unstarted.workflowId)
      .terminate('test is over');
    const terminated = await readStatus(session(), unstarted);
    assert.equal(terminated.outcome, 'terminated');
    assert.match(terminated.failure?.message ?? '', /test is over/);
    assert.match(terminated.failure?.next ?? '', /fedimg sweep --dry-run --verbose/);
  });

  it('finds a compose by its id and an image by its name, and reports an unknown id', async () => {
    const composeId = someComposeId();
    const image = imageOf(composeId);
    const fake = fakeActivities({ readCompose: () => Promise.resolve(composeOf(image)) });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const { workflowId, runId } = await signalCompose(session(), finishedMessage(composeId), {
        taskQueue,
      });
      await resultOf(workflowId, runId);
      const compose = await resolvePublication(session(), composeId);
      assert.deepEqual([compose.kind, compose.runId], ['compose', runId]);
      const { namespace } = session().access;
      const pages = `${UI}/namespaces/${namespace}/workflows/compose%2F${composeId}/${runId}/timeline`;
      assert.equal(compose.link, pages);
      const wanted = `image/${composeId}/Cloud_Base/x86_64`;
      assert.equal(
        (await eventually(() => resolvePublication(session(), image.image.name))).workflowId,
        wanted,
      );
      assert.equal((await resolvePublication(session(), wanted)).child, true);
      // The image began later, but it is the compose that was started last.
      await eventually(async () => {
        const latest = await resolvePublication(session(), '@latest');
        assert.equal(latest.workflowId, workflowId);
      });
      await assert.rejects(
        resolvePublication(session(), 'Fedora-Cloud-43-20251021.77777'),
        (error: unknown) => error instanceof ClientError && error.kind === 'not-found',
      );
    });
  });
});

describe('the catalogue of AMIs', () => {
  const session = useSession();

  it('has a row for each AMI with the page of its run, and for each missing AMI with a reason', async () => {
    const composeId = someComposeId();
    const fake = fakeActivities({
      readCompose: () =>
        Promise.resolve(composeOf(imageOf(composeId), imageOf(composeId, 'aarch64'))),
      copyToRegion: ({ regionPlan }) =>
        regionPlan.regionName === 'sa-east-1'
          ? Promise.reject(finalFailure('quota'))
          : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const { workflowId, runId } = await signalCompose(session(), finishedMessage(composeId), {
        taskQueue,
      });
      await session().access.client.workflow.getHandle(workflowId, runId).result();
      const all = await eventually(async () => {
        const found = await listAmis(session(), { compose: composeId });
        assert.equal(found.length, 2 * 4 * 4);
        return found;
      });
      const keys =
        'compose,release,image,arch,virt,volumeType,region,ami,snapshot,name,public,tested,workflowUrl';
      const there = all.find(({ ami }) => ami !== null);
      assert.equal(Object.keys(there ?? {}).join(','), keys);
      assert.match(
        there?.workflowUrl ?? '',
        /^http:\/\/ui\.example\/namespaces\/test-[-0-9a-f]+\/workflows\/image%2F/,
      );
      const missing = all.filter(({ ami }) => ami === null);
      assert.deepEqual([...new Set(missing.map(({ region }) => region))], ['sa-east-1']);
      assert(
        missing.every(({ reason }) => reason?.includes('quota')),
        JSON.stringify(missing),
      );
      const filtered = await listAmis(session(), {
        compose: composeId,
        arch: 'aarch64',
        region: 'eu-west-1',
      });
      assert.equal(filtered.length, 4);
      assert.deepEqual(await listAmis(session(), { compose: composeId, release: '1' }), []);
    });
  });

  it("keeps the AMIs of an earlier run when the image's next run fails", async () => {
    const request = byHand();
    const fake = fakeActivities();
    const first = await withWorker(fake.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), request, { taskQueue });
      await session().access.client.workflow.getHandle(run.workflowId, run.runId).result();
      return run;
    });
    const broken = fakeActivities({ writeImage: () => Promise.reject(finalFailure('no disk')) });
    await withWorker(broken.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), request, { taskQueue });
      await assert.rejects(
        session().access.client.workflow.getHandle(run.workflowId, run.runId).result(),
      );
      const rows = await eventually(async () => {
        const found = await listAmis(session(), { workflowIds: [run.workflowId] });
        assert.equal(found.length, 16);
        return found;
      });
      assert(
        rows.every((row) => row.ami !== null && row.workflowUrl?.includes(first.runId)),
        JSON.stringify(rows),
      );
    });
  });

  it('shows which AMIs of a running image are not public yet', async () => {
    const request = byHand();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = fakeActivities({
      copyToRegion: ({ regionPlan }) => held.then(() => registered(regionPlan, 'snap-1')),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), request, { taskQueue });
      await eventually(async () => {
        const rows = await listAmis(session(), { workflowIds: [run.workflowId] });
        assert(
          rows.some(({ reason }) => reason === 'not public yet: copying'),
          JSON.stringify(rows),
        );
        assert(
          rows.every(({ ami }) => ami === null),
          JSON.stringify(rows),
        );
      });
      release();
      await session().access.client.workflow.getHandle(run.workflowId, run.runId).result();
    });
  });
});

/** The visibility store lags a moment behind. */
async function eventually<T>(body: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 180_000;
  for (;;) {
    try {
      return await body();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}
