import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { listAmis } from '../../src/client/amis.js';
import { cancelPublication } from '../../src/client/cancel.js';
import { ClientError } from '../../src/client/errors.js';
import { recentPublications, resolvePublication } from '../../src/client/publications.js';
import type { Session } from '../../src/client/session.js';
import { signalCompose, startImage } from '../../src/client/start.js';
import { readStatus } from '../../src/client/status.js';
import { composeOf, fakeActivities } from '../support/fake-activities.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';
import { byHand, finishedMessage, imageOf, someComposeId, useSession } from './client-fixture.js';

describe('two deployments in one Temporal namespace', () => {
  const session = useSession();
  const staging = (): Session => ({ ...session(), deployment: `staging-${randomUUID()}` });

  it('publish one compose in two runs, and see only their own composes and AMIs', async () => {
    const composeId = someComposeId();
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(imageOf(composeId))),
    });
    const own = session();
    const other = staging();
    await withWorker(fake.activities, async ({ client, taskQueue }) => {
      const message = finishedMessage(composeId);
      const first = await signalCompose(own, message, { taskQueue });
      assert.equal(first.workflowId, `compose/${composeId}`);
      const second = await signalCompose(other, message, { taskQueue });
      assert.equal(second.workflowId, `${other.deployment}/compose/${composeId}`);
      assert.equal(second.state, 'started', "production's compose is not staging's");
      for (const { workflowId } of [first, second]) {
        await client.workflow.getHandle(workflowId).result();
      }
      assert.equal(fake.count('writeImage'), 2);
      await until('the store lists both', async () => {
        return (await listAmis(other, { compose: composeId })).length > 0;
      });
      const urls = (await listAmis(other, { compose: composeId })).map((row) => row.workflowUrl);
      assert(
        urls.every((url) => url?.includes(encodeURIComponent(other.deployment))),
        JSON.stringify(urls),
      );
      const listed = (await recentPublications(other, 10)).map(({ workflowId }) => workflowId);
      assert.deepEqual(listed, [second.workflowId]);
      assert.equal((await resolvePublication(other, '@latest')).workflowId, second.workflowId);
      assert.equal((await resolvePublication(other, composeId)).workflowId, second.workflowId);
      assert.equal((await resolvePublication(own, composeId)).workflowId, first.workflowId);
      const status = await readStatus(other, second);
      assert(status.kind === 'compose', status.kind);
      assert.match(status.images[0]?.workflowId ?? '', new RegExp(`^${other.deployment}/image/`));
    });
  });

  it('cannot cancel each other, also by the whole id', async () => {
    const other = staging();
    const taskQueue = `unpolled-${randomUUID()}`;
    const started = await startImage(session(), byHand(), { taskQueue });
    const notFound = (error: unknown): boolean =>
      error instanceof ClientError && error.kind === 'not-found';
    await assert.rejects(
      cancelPublication(other, started.workflowId, { by: 'someone@here' }),
      notFound,
    );
    await assert.rejects(cancelPublication(other, '@latest', { by: 'someone@here' }), notFound);
    const theirs = await startImage(other, byHand(), { taskQueue });
    await assert.rejects(
      cancelPublication(session(), theirs.workflowId, { by: 'someone@here' }),
      (error: Error) => {
        assert.match(error.message, /belongs to deployment staging-.* is of deployment fedimg/);
        return notFound(error);
      },
    );
    const { client } = session().access;
    for (const { workflowId } of [started, theirs]) {
      const handle = client.workflow.getHandle(workflowId);
      assert.equal((await handle.describe()).status.name, 'RUNNING');
      await handle.terminate('the test is over');
    }
  });
});

describe('a run on a task queue without a worker', () => {
  const session = useSession();

  it('is reported at once, when it is started and by its status', async () => {
    const taskQueue = `unpolled-${randomUUID()}`;
    const started = await startImage(session(), byHand(), { taskQueue });
    const reason = new RegExp(`no worker polls task queue ${taskQueue}.*fedimg worker`);
    assert.match(started.warning ?? '', reason);
    assert.match((await readStatus(session(), started)).note ?? '', reason);
    const { client } = session().access;
    await client.workflow.getHandle(started.workflowId).terminate('the test is over');
    await withWorker(fakeActivities().activities, async ({ taskQueue: polled }) => {
      const request = byHand();
      const run = await startImage(session(), request, { taskQueue: polled });
      await client.workflow.getHandle(run.workflowId).result();
      const again = await startImage(session(), request, { taskQueue: polled });
      assert.equal(again.warning, null);
      await client.workflow.getHandle(run.workflowId).result();
    });
  });
});
