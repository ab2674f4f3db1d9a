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
  const run = (historyLength: number, isOpen = true) => ({
    ...{ workflowId: 'image/a', runId: 'one', historyLength, isOpen },
  });
  const alive = { progress: 1, note: null };
  const dead = { progress: undefined, note: 'no worker answers' };
  const answer = (asked: Asked<number>) => () => Promise.resolve(asked);

  it('is asked for once while the run stands still, and again when it has moved', async () => {
    let asked = 0;
    const memory = new ProgressMemory(() => 0);
    const ask = () => Promise.resolve({ progress: (asked += 1), note: null });
    const first = await memory.ask(run(10), ask);
    assert.deepEqual([await memory.ask(run(10), ask), asked], [first, 1]);
    assert.equal((await memory.ask(run(11), ask)).progress, 2);
    assert.equal((await memory.ask({ ...run(11), runId: 'two' }, ask)).progress, 3);
  });

  it('does not hide a worker that died: a run that stands still is asked again', async () => {
    let nowMs = 0;
    const memory = new ProgressMemory(() => nowMs);
    const ask = (asked: Asked<number>) => memory.ask(run(10), answer(asked));
    await ask(alive);
    nowMs = 2_999;
    assert.deepEqual(await ask(dead), alive);
    nowMs = 3_000;
    assert.deepEqual(await ask(dead), alive, 'it does not wait for the worker');
    assert.deepEqual(await ask(alive), dead);
    assert.deepEqual(await ask(alive), alive, 'the worker is back');
  });

  it('is that of a moment before while a busy worker does not answer, and then the new one', async () => {
    const memory = new ProgressMemory(() => 0);
    await memory.ask(run(10), answer(alive));
    let release: (asked: Asked<number>) => void = () => undefined;
    const held = new Promise<Asked<number>>((resolve) => (release = resolve));
    assert.deepEqual(await memory.ask(run(11), () => held), alive);
    release({ progress: 2, note: null });
    await held;
    const unasked = () => Promise.reject(new Error('it is known already'));
    assert.equal((await memory.ask(run(11), unasked)).progress, 2);
  });

  it('is never that of before the end once the run has ended', async () => {
    const memory = new ProgressMemory(() => 0);
    await memory.ask(run(10), answer(alive));
    let release: (asked: Asked<number>) => void = () => undefined;
    const late = () => new Promise<Asked<number>>((resolve) => (release = resolve));
    await memory.ask(run(11), late);
    const last = memory.ask(run(12, false), answer({ progress: 3, note: null }));
    release({ progress: 2, note: null });
    assert.equal((await last).progress, 3);
  });

  it('fails when Temporal does not answer, and is asked for again', async () => {
    const memory = new ProgressMemory(() => 0);
    const refused = () => Promise.reject(new Error('connection refused'));
    await assert.rejects(memory.ask(run(10), refused), /connection refused/);
    assert.deepEqual(await memory.ask(run(10), answer(alive)), alive);
    await assert.rejects(memory.ask(run(11), refused), /connection refused/);
    assert.deepEqual(await memory.ask(run(11), answer(alive)), alive);
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
