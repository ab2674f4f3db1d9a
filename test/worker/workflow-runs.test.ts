import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { PUBLISH_IMAGE_WORKFLOW } from '../../src/contract.js';
import { TemporalRuns } from '../../src/worker/workflow-runs.js';
import { fakeActivities } from '../support/fake-activities.js';
import { someRequest } from '../support/images.js';
import { testTemporal } from '../support/temporal.js';
import type { WorkflowTest } from '../support/workflow-worker.js';
import { withWorker } from '../support/workflow-worker.js';

/** A publication that stays under way until its worker ends, which would wait for it for ever otherwise. */
const HANGING = {
  launchUtilityInstance: () => Context.current().cancelled,
};

async function start({ client, taskQueue }: WorkflowTest, workflowId: string): Promise<string> {
  const handle = await client.workflow.start(PUBLISH_IMAGE_WORKFLOW, {
    taskQueue,
    workflowId,
    args: [{ request: someRequest() }],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  return handle.firstExecutionRunId;
}

/** Resolves when the first workflow task is done: before, there is nothing to reset to. */
async function underWay({ client }: WorkflowTest, workflowId: string): Promise<void> {
  while ((await client.workflow.getHandle(workflowId).describe()).historyLength < 5) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** As an operator resets in the Temporal UI: to the first workflow task. */
async function reset(test: WorkflowTest, workflowId: string, runId: string): Promise<string> {
  const { client } = test;
  const { workflowService, options } = client;
  const answer = (await workflowService.resetWorkflowExecution({
    namespace: options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'a test',
    requestId: randomUUID(),
    // The types want a Long; the wire takes a number.
    workflowTaskFinishEventId: 4 as never,
  })) as { readonly runId: string };
  return answer.runId;
}

describe('the state of a run', () => {
  const someId = () => `image/${randomUUID()}/Cloud_Base/x86_64`;
  const stateOf = async (workflowId: string, runId: string) => {
    const { client } = await testTemporal();
    return new TemporalRuns(client.workflow).stateOf({ workflowId, runId });
  };

  it('is open while it runs, and closed with its time and its end when it was terminated', async () => {
    await withWorker(fakeActivities(HANGING).activities, async (test) => {
      const workflowId = someId();
      const runId = await start(test, workflowId);
      assert.deepEqual(await stateOf(workflowId, runId), { state: 'open' });
      await test.client.workflow.getHandle(workflowId).terminate('a test');
      const state = await stateOf(workflowId, runId);
      assert(state.state === 'closed', state.state);
      assert.equal(state.status, 'TERMINATED');
      assert(Math.abs(Date.parse(state.closedAt ?? '') - Date.now()) < 60_000, state.closedAt);
    });
  });

  it('stays open when the run was reset, though its run id is closed', async () => {
    await withWorker(fakeActivities(HANGING).activities, async (test) => {
      const workflowId = someId();
      const runId = await start(test, workflowId);
      await underWay(test, workflowId);
      const again = await reset(test, workflowId, runId);
      assert.notEqual(again, runId);
      const first = await test.client.workflow.getHandle(workflowId, runId).describe();
      assert.equal(first.status.name, 'TERMINATED');
      assert.deepEqual(await stateOf(workflowId, runId), { state: 'open' });
      await underWay(test, workflowId);
      await reset(test, workflowId, again);
      assert.deepEqual(await stateOf(workflowId, runId), { state: 'open' }, 'twice');
      await test.client.workflow.getHandle(workflowId).terminate('a test');
      assert.equal((await stateOf(workflowId, runId)).state, 'closed');
      await reset(test, workflowId, again);
      assert.deepEqual(await stateOf(workflowId, runId), { state: 'open' }, 'after its end');
      await test.client.workflow.getHandle(workflowId).terminate('a test');
    });
  });

  it('distinguishes a terminated run from its rerun under the same id', async () => {
    await withWorker(fakeActivities(HANGING).activities, async (test) => {
      const workflowId = someId();
      const dead = await start(test, workflowId);
      await test.client.workflow.getHandle(workflowId).terminate('a test');
      const alive = await start(test, workflowId);
      assert.equal((await stateOf(workflowId, dead)).state, 'closed');
      assert.deepEqual(await stateOf(workflowId, alive), { state: 'open' });
      assert.deepEqual(await stateOf(workflowId, randomUUID()), { state: 'unknown' });
      await test.client.workflow.getHandle(workflowId).terminate('a test');
    });
  });

  it('lists the results of a run that completed', async () => {
    await withWorker(fakeActivities().activities, async (test) => {
      const workflowId = someId();
      const runId = await start(test, workflowId);
      await test.client.workflow.getHandle(workflowId).result();
      const state = await stateOf(workflowId, runId);
      assert(state.state === 'closed', state.state);
      assert.equal(state.status, 'COMPLETED');
      assert(state.results.includes('snap-home'), state.results.join('\n'));
      assert(
        state.results.some((id) => id.startsWith('ami-image-hvm-us-east-1')),
        state.results.join('\n'),
      );
    });
  });

  it('is unknown when Temporal never had the run, or has deleted it', async () => {
    assert.deepEqual(await stateOf(someId(), randomUUID()), { state: 'unknown' });
  });

  it('is an error when the namespace is missing or Temporal does not answer: that must not count as unknown', async () => {
    const { server } = await testTemporal();
    const run = { workflowId: someId(), runId: randomUUID() };
    const elsewhere = await Connection.connect({ address: server.address });
    const { workflow } = new Client({ connection: elsewhere, namespace: 'nowhere' });
    await assert.rejects(new TemporalRuns(workflow).stateOf(run), NamespaceNotFoundError);
    await elsewhere.close();
    const unreachable = Connection.lazy({ address: '127.0.0.1:1' });
    const dead = new Client({ connection: unreachable });
    await assert.rejects(new TemporalRuns(dead.workflow).stateOf(run));
    await unreachable.close();
  });

  it('may be an old one only for a run that was closed then', async () => {
    await withWorker(fakeActivities(HANGING).activities, async (test) => {
      const runs = new TemporalRuns(test.client.workflow);
      const workflowId = someId();
      const run = { workflowId, runId: await start(test, workflowId) };
      const old = { mayBeOld: true };
      await underWay(test, workflowId);
      assert.equal((await runs.stateOf(run, old)).state, 'open');
      await test.client.workflow.getHandle(workflowId).terminate('a test');
      assert.equal((await runs.stateOf(run, old)).state, 'closed');
      await reset(test, workflowId, run.runId);
      assert.equal((await runs.stateOf(run, old)).state, 'closed');
      assert.equal((await runs.stateOf(run)).state, 'open');
      await test.client.workflow.getHandle(workflowId).terminate('a test');
    });
  });
});

describe('the ending of a run', () => {
  it('is a cancel as soon as Temporal has accepted it, though no worker knows it yet', async () => {
    const { client } = await testTemporal();
    const runs = new TemporalRuns(client.workflow);
    const workflowId = `image/${randomUUID()}/Cloud_Base/x86_64`;
    const handle = await client.workflow.start(PUBLISH_IMAGE_WORKFLOW, {
      taskQueue: `unpolled-${randomUUID()}`,
      workflowId,
      args: [{ request: someRequest() }],
    });
    const run = { workflowId, runId: handle.firstExecutionRunId };
    assert.equal(await runs.endingOf(run), undefined);
    await handle.cancel();
    assert.equal(await runs.endingOf(run), 'cancelled');
    await handle.terminate('a test');
    assert.equal(await runs.endingOf(run), 'closed');
    assert.equal(await runs.endingOf({ workflowId, runId: randomUUID() }), 'closed');
  });
});
