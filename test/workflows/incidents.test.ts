import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { cancelled, heartbeat } from '@temporalio/activity';
import { DEFAULT_DEPLOYMENT } from '../../src/model/ids/installation.js';
import { COMPOSE_WORKFLOW, composeProgressQuery, composeStatusSignal } from '../../src/contract.js';
import type { ComposeInput } from '../../src/contract.js';
import type { ComposeMessage } from '../../src/model/compose/compose-message.js';
import type { ComposeResult } from '../../src/model/progress/progress.js';
import { imageWorkflowId } from '../../src/model/ids/workflow-ids.js';
import { composeOf, fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { someRegion, somePlan, someRequest } from '../support/images.js';
import { until } from '../support/until.js';
import type { WorkflowTest } from '../support/workflow-worker.js';
import { withWorker } from '../support/workflow-worker.js';

/** The history's events so far. */
async function eventCount(
  { client }: WorkflowTest,
  handle: { readonly workflowId: string },
): Promise<number> {
  const { events } = await client.workflow.getHandle(handle.workflowId).fetchHistory();
  return events?.length ?? 0;
}

describe('a publication in incidents of other projects', () => {
  it('also undoes the step that failed: it may have made resources before it failed', async () => {
    const fake = fakeActivities({
      launchUtilityInstance: () => Promise.reject(finalFailure('VcpuLimitExceeded')),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      await assert.rejects((await startImage(someRequest())).result());
    });
    assert.equal(fake.count('undoRegion us-east-1'), 1);
  });

  it('makes no other region public when EC2 refuses it in a required region', async () => {
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) => {
        const copies = [someRegion('eu-west-1'), someRegion('ap-south-1', { required: true })];
        return Promise.resolve(somePlan(request, { workflowId, runId }, { copies }));
      },
      publishRegion: ({ regionName: region }) =>
        region === 'ap-south-1' ? Promise.reject(finalFailure('blocked')) : Promise.resolve(),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      await assert.rejects((await startImage(someRequest())).result());
    });
    const published = fake.calls.filter((call) => call.startsWith('publishRegion'));
    assert.deepEqual(published, ['publishRegion ap-south-1']);
  });

  it('keeps the AMIs of the good regions when the quota for public ones is used up in another', async () => {
    const mayBePublic: unknown[] = [];
    const fake = fakeActivities({
      publishRegion: ({ regionName: region }) =>
        region === 'sa-east-1'
          ? Promise.reject(finalFailure('ResourceLimitExceeded: public AMIs'))
          : Promise.resolve(),
      undoRegion: (input) => {
        mayBePublic.push(input.mayBePublic);
        return Promise.resolve({ removed: [], kept: [], left: [] });
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const result = await (await startImage(someRequest())).result();
      assert.equal(result.outcome, 'partly-published');
      assert.deepEqual(result.failedRegions, [
        { region: 'sa-east-1', reason: 'ResourceLimitExceeded: public AMIs', next: 'nothing' },
      ]);
      assert.equal(result.amis.filter((ami) => ami.public).length, 12);
    });
    const undone = fake.calls.filter((call) => call.startsWith('undoRegion'));
    assert.deepEqual(undone, ['undoRegion sa-east-1']);
    // Some of its AMIs may be public although EC2 does not show it yet.
    assert.deepEqual(mayBePublic, [true]);
  });

  it('is published all the same when its messages are refused for good', async () => {
    const fake = fakeActivities({ announce: () => Promise.reject(finalFailure('403 topic ACL')) });
    await withWorker(fake.activities, async ({ startImage }) => {
      assert.equal((await (await startImage(someRequest())).result()).outcome, 'published');
    });
  });

  it("in 33 regions stays far below Temporal's limit on a history", async () => {
    const regions = Array.from({ length: 32 }, (_none, index) => someRegion(`region-${index}`));
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) =>
        Promise.resolve(somePlan(request, { workflowId, runId }, { copies: regions })),
      copyToRegion: ({ regionPlan }) =>
        Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
    });
    await withWorker(fake.activities, async (test) => {
      const handle = await test.startImage(someRequest());
      assert.equal((await handle.result()).amis.length, 33 * 4);
      // Temporal warns at 10,240.
      assert((await eventCount(test, handle)) < 1_500, 'too many events');
    });
  });
});

describe('a compose in incidents of other projects', () => {
  it('that is terminated has its images cancelled, not ended without a clean-up', async () => {
    const request = someRequest();
    const { composeId, image } = request;
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(request)),
      copyToRegion: () => {
        const beat = setInterval(heartbeat, 100);
        return cancelled().finally(() => clearInterval(beat));
      },
    });
    await withWorker(fake.activities, async (test) => {
      const { client } = test;
      const compose = await startCompose(test, composeId);
      await until('the copies', () => fake.count('copyToRegion sa-east-1') === 1);
      await compose.terminate('by mistake');
      const child = client.workflow.getHandle(
        imageWorkflowId(DEFAULT_DEPLOYMENT, { composeId, ...image }),
      );
      await assert.rejects(child.result(), WorkflowFailedError);
      assert.equal((await child.describe()).status.name, 'CANCELLED');
    });
    assert.equal(fake.count('undoRegion us-east-1'), 1);
    assert.equal(fake.count('undoRegion sa-east-1'), 1);
  });

  it('that lacks a configured architecture names it in its result and its progress', async () => {
    const request = someRequest();
    const absent = ['Cloud_Base aarch64'];
    const fake = fakeActivities({
      readCompose: () => Promise.resolve({ requests: [request], absent }),
    });
    await withWorker(fake.activities, async (test) => {
      const compose = await startCompose(test, request.composeId);
      const result = (await compose.result()) as ComposeResult;
      assert.deepEqual([result.outcome, result.absent], ['published', absent]);
      assert.deepEqual((await compose.query(composeProgressQuery)).absent, absent);
    });
  });

  it('asks for another signal later when an earlier run of the image is still being undone', async () => {
    const request = someRequest();
    const { composeId } = request;
    let release = () => undefined as void;
    const undoing = new Promise<void>((resolve) => (release = resolve));
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(request)),
      registerImages: () => Promise.reject(finalFailure('quota')),
      undoRegion: () => undoing.then(() => ({ removed: [], kept: [], left: [] })),
    });
    await withWorker(fake.activities, async (test) => {
      await startCompose(test, composeId);
      await until('the undo', () => fake.count('undoRegion us-east-1') === 1);
      const again = await startCompose(test, composeId);
      await assert.rejects(again.result(), (error) => {
        assert(error instanceof WorkflowFailedError, String(error));
        assert.match(String(error.cause), /still being undone: .*signal the compose again/);
        return true;
      });
      release();
    });
  });

  it('publishes its other images when one of them fails, and reports which one and why', async () => {
    const [good, bad] = [someRequest(), someRequest({ arch: 'aarch64' })];
    const { composeId } = good;
    const fake = fakeActivities({
      readCompose: () => Promise.resolve(composeOf(good, { ...bad, composeId })),
      registerImages: ({ arch, regionPlan, snapshot }) =>
        arch === 'aarch64'
          ? Promise.reject(finalFailure('InvalidParameterCombination'))
          : Promise.resolve(registered(regionPlan, snapshot)),
    });
    await withWorker(fake.activities, async (test) => {
      const result = (await (await startCompose(test, composeId)).result()) as ComposeResult;
      assert.equal(result.outcome, 'partly-published');
      assert.deepEqual(
        result.failed?.map(({ image, reason }) => [image, reason]),
        [[bad.image.name, `${bad.image.name}: InvalidParameterCombination`]],
      );
    });
    assert.equal(fake.calls.filter((call) => call === 'publishRegion us-east-1').length, 1);
  });
});

function startCompose({ client, taskQueue }: WorkflowTest, composeId: string) {
  const message: ComposeMessage = { composeId, status: 'FINISHED', location: 'https://a.example' };
  const input: ComposeInput = { composeId };
  return client.workflow.signalWithStart(COMPOSE_WORKFLOW, {
    workflowId: `compose/${composeId}/${randomUUID()}`,
    taskQueue,
    args: [input],
    signal: composeStatusSignal,
    signalArgs: [message],
  });
}
