import assert from 'node:assert/strict';
import { signalCompose, startImage } from '../../../src/client/start.js';
import { readStatus } from '../../../src/client/status.js';
import { printSummary } from '../../../src/commands/view/ami-output.js';
import { createTerminal } from '../../../src/commands/view/terminal.js';
import {
  finishedMessage,
  imageOf,
  someComposeId,
  useSession,
} from '../../client/client-fixture.js';
import type { RunRef } from '../../../src/client/session.js';
import { composeOf, fakeActivities, finalFailure } from '../../support/fake-activities.js';
import { withWorker } from '../../support/workflow-worker.js';

describe('the summary after --wait', () => {
  const session = useSession();

  /** What the summary of a run that has ended puts on stdout. */
  async function summaryOf(run: RunRef, format: 'table' | 'name'): Promise<string> {
    const { access } = session();
    const ended = access.client.workflow.getHandle(run.workflowId, run.runId).result();
    await ended.catch(() => undefined);
    const status = await readStatus(session(), run);
    let text = '';
    const stdout = { write: (more: string) => (text += more) };
    const stderr = { write: () => undefined };
    const terminal = createTerminal({ stdout, stderr, env: {}, color: 'never' });
    await printSummary(terminal, format, { session: session(), status });
    return text;
  }

  it('has the AMIs of all images of a compose, before any index lists them', async () => {
    const composeId = someComposeId();
    const images = [imageOf(composeId), imageOf(composeId, 'aarch64')];
    const fake = fakeActivities({ readCompose: () => Promise.resolve(composeOf(...images)) });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const run = await signalCompose(session(), finishedMessage(composeId), { taskQueue });
      const table = await summaryOf(run, 'table');
      for (const { image } of images)
        assert(table.includes(`${image.name} (${image.arch})`), table);
      assert.equal(table.match(/ami-image-/g)?.length, 2 * 4 * 4);
      assert.equal((await summaryOf(run, 'name')).trimEnd().split('\n').length, 2 * 4 * 4);
    });
  });

  it('has the AMIs that a failed run leaves public, and no table for a run without AMIs', async () => {
    let kept = '';
    const half = fakeActivities({
      publishRegion: ({ amis }) => {
        kept = amis[0]?.ami ?? '';
        return Promise.reject(finalFailure('refused at the second'));
      },
      undoRegion: ({ steps, regionName }) =>
        Promise.resolve({
          removed: [...steps],
          kept: regionName === 'us-east-1' ? [kept] : [],
          left: [],
        }),
    });
    await withWorker(half.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), imageOf(someComposeId()), { taskQueue });
      const table = await summaryOf(run, 'table');
      assert(kept !== '' && table.includes(kept), table);
      assert.match(table, /refused at the second/);
    });
    const none = fakeActivities({ writeImage: () => Promise.reject(finalFailure('no disk')) });
    await withWorker(none.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), imageOf(someComposeId()), { taskQueue });
      assert.equal(await summaryOf(run, 'table'), '');
    });
  });
});
