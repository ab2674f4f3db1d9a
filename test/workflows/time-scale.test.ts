import assert from 'node:assert/strict';
import { activityInfo } from '@temporalio/activity';
import { COMPOSE_WORKFLOW, composeStatusSignal, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { ComposeMessage } from '../../src/model/compose/compose-message.js';
import { HEARTBEAT_TIMEOUT_MS } from '../../src/model/progress/heartbeat.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { composeOf, fakeActivities } from '../support/fake-activities.js';
import { someRequest } from '../support/images.js';
import type { WorkflowTest } from '../support/workflow-worker.js';
import { withWorker } from '../support/workflow-worker.js';

/** Remembers the heartbeat time-outs of the compose's and of the image's activities. */
function watched(): FakeActivities & { readonly timeoutsMs: (number | undefined)[] } {
  const timeoutsMs: (number | undefined)[] = [];
  const request = someRequest();
  const note = () => void timeoutsMs.push(activityInfo().heartbeatTimeoutMs);
  const fake = fakeActivities({
    readCompose: () => {
      note();
      return Promise.resolve(composeOf(request));
    },
    publishRegion: () => {
      note();
      return Promise.resolve();
    },
  });
  return { ...fake, timeoutsMs };
}

async function runCompose(
  { client, taskQueue }: WorkflowTest,
  memo: Record<string, unknown>,
): Promise<void> {
  const { composeId } = someRequest();
  const message = { composeId, status: 'FINISHED', location: 'https://x.example/' };
  const handle = await client.workflow.signalWithStart(COMPOSE_WORKFLOW, {
    taskQueue,
    workflowId: `compose/${composeId}`,
    args: [{ composeId }] as never,
    memo,
    signal: composeStatusSignal,
    signalArgs: [message as ComposeMessage],
  });
  await handle.result();
}

describe('the time scale of a run', () => {
  it('lets a compose and its images notice a dead worker sooner on the local cloud', async () => {
    const fake = watched();
    await withWorker(fake.activities, (test) => runCompose(test, { [TIME_SCALE_MEMO]: 0.2 }));
    assert(fake.timeoutsMs.length > 1, String(fake.timeoutsMs.length));
    assert.deepEqual(new Set(fake.timeoutsMs), new Set([HEARTBEAT_TIMEOUT_MS * 0.2]));
  });

  it("leaves production's waits unchanged when the run has none", async () => {
    const fake = watched();
    await withWorker(fake.activities, (test) => runCompose(test, {}));
    // Of the plan, and of the launches and the snapshot, which wait for EC2.
    assert.deepEqual(new Set(fake.timeoutsMs), new Set([HEARTBEAT_TIMEOUT_MS, 120_000]));
  });
});
