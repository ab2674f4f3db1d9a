import assert from 'node:assert/strict';
import { heartbeat } from '@temporalio/activity';
import type { Asked } from '../../src/client/progress-sources.js';
import type { DescribedRun } from '../../src/client/progress-memory.js';
import { ProgressMemory } from '../../src/client/progress-memory.js';
import { startImage } from '../../src/client/start.js';
import { readStatus } from '../../src/client/status.js';
import { fakeActivities } from '../support/fake-activities.js';
import { withWorker } from '../support/workflow-worker.js';
import { byHand, useSession } from './client-fixture.js';

/** Time stands still in it, and it counts what it asks. */
class CountingMemory extends ProgressMemory {
  asked = 0;

  constructor() {
    super(() => 0);
  }

  override ask<P>(run: DescribedRun, ask: () => Promise<Asked<P>>): Promise<Asked<P>> {
    return super.ask(run, () => {
      this.asked += 1;
      return ask();
    });
  }
}

describe('the progress of a run that is read again and again', () => {
  const session = useSession();
  const run = (historyLength: number) => ({ workflowId: 'image/a', runId: 'one', historyLength });

  it('is asked for once while the run stands still, and again when it has moved', async () => {
    let asked = 0;
    const memory = new ProgressMemory(() => 0);
    const ask = () => Promise.resolve({ progress: (asked += 1), note: null });
    const first = await memory.ask(run(10), ask);
    assert.deepEqual([await memory.ask(run(10), ask), asked], [first, 1]);
    assert.equal((await memory.ask(run(11), ask)).progress, 2);
    assert.equal((await memory.ask({ ...run(11), runId: 'two' }, ask)).progress, 3);
  });

  it('does not hide a worker that died: a run that stands still is asked again after five seconds', async () => {
    let nowMs = 0;
    const memory = new ProgressMemory(() => nowMs);
    const alive = { progress: 1, note: null };
    const dead = { progress: undefined, note: 'no worker answers' };
    await memory.ask(run(10), () => Promise.resolve(alive));
    nowMs = 4_999;
    assert.deepEqual(await memory.ask(run(10), () => Promise.resolve(dead)), alive);
    nowMs = 5_000;
    assert.deepEqual(await memory.ask(run(10), () => Promise.resolve(dead)), dead);
    assert.deepEqual(await memory.ask(run(10), () => Promise.resolve(alive)), alive, 'it is back');
  });

  it('shows how the bytes of a write move, without a question to the worker', async () => {
    const releases: (() => void)[] = [];
    let attempts = 0;
    const fake = fakeActivities({
      writeImage: async () => {
        attempts += 1;
        const bytes = attempts * 512;
        heartbeat({ version: 1, kind: 'write', phase: 'download', bytes, totalBytes: 2048 });
        await new Promise<void>((resolve) => releases.push(resolve));
        // An attempt that is repeated leaves no event in the history.
        if (attempts === 1) throw new Error('the agent is away');
        return { sha256: 'a'.repeat(64), rawSha256: 'b'.repeat(64), rawSizeBytes: 1024 };
      },
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const started = await startImage(session(), byHand(), { taskQueue });
      const progress = new CountingMemory();
      const cache = { closed: new Map(), progress };
      const bytesUntil = async (wanted: number): Promise<void> => {
        for (;;) {
          const { activities, outcome } = await readStatus(session(), started, cache);
          assert.equal(outcome, 'running');
          const [beat] = activities.flatMap((one) => one.heartbeat ?? []);
          if (beat?.kind === 'write' && beat.bytes === wanted) return;
        }
      };
      await bytesUntil(512);
      await readStatus(session(), started, cache);
      const { asked } = progress;
      releases[0]?.();
      await bytesUntil(1024);
      assert.equal(progress.asked, asked);
      releases[1]?.();
      await session().access.client.workflow.getHandle(started.workflowId).result();
      const { outcome } = await readStatus(session(), started, cache);
      assert.equal(outcome, 'published', 'the end is read in spite of the kept answer');
    });
  });
});
