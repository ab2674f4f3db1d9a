import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { testBundle } from '../support/workflow-worker.js';

const folder = new URL('./histories/', import.meta.url);

async function history(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(name, folder), 'utf8')) as unknown;
}

interface Recorded {
  readonly events: readonly {
    readonly eventType: string;
    /** What Temporal's pages show beside an event. */
    readonly userMetadata?: { readonly summary?: unknown };
    readonly workflowExecutionStartedEventAttributes?: { readonly workflowId: string };
  }[];
}

/** Under its own workflow id, which names the deployment. */
async function replay(bundle: WorkflowBundleOption, name: string): Promise<void> {
  const recorded = await history(name);
  const [started] = (recorded as Recorded).events;
  const id = started?.workflowExecutionStartedEventAttributes?.workflowId;
  assert(id, 'no id');
  await Worker.runReplayHistory({ workflowBundle: bundle }, recorded, id);
}

const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));

describe('a recorded run', () => {
  it('exists for each kind of run', () => {
    assert(names.length >= 10, names.join(' '));
  });

  for (const name of names) {
    it(`replays with this code: ${name}`, async () => {
      await replay(await testBundle(), name);
    });
  }

  for (const name of names) {
    it(`says of each activity, timer and child what it is for: ${name}`, async () => {
      const { events } = (await history(name)) as Recorded;
      const mute = events.filter(
        ({ eventType, userMetadata }) =>
          /ACTIVITY_TASK_SCHEDULED|TIMER_STARTED|CHILD_WORKFLOW_EXECUTION_INITIATED/.test(
            eventType,
          ) && (userMetadata?.summary ?? null) === null,
      );
      assert.deepEqual(
        mute.map(({ eventType }) => eventType),
        [],
      );
    });
  }

  it('fails to replay with a workflow that takes other steps', async () => {
    const broken = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./broken-workflow.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    });
    await assert.rejects(replay(broken, 'image-published-x86_64.json'), DeterminismViolationError);
  });
});
