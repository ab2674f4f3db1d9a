import assert from 'node:assert/strict';
import { ClientError } from '../../src/client/errors.js';
import type { Session } from '../../src/client/session.js';
import { startImage } from '../../src/client/start.js';
import { noDisplay } from '../../src/commands/view/progress-display.js';
import { watchPublication } from '../../src/commands/shared/watch.js';
import { fakeActivities } from '../support/fake-activities.js';
import { withWorker } from '../support/workflow-worker.js';
import { byHand, useSession } from './client-fixture.js';

describe('a watch of a publication', () => {
  const session = useSession();

  /** A session whose connection fails while `isAway` returns true. */
  function through(isAway: () => boolean): Session {
    const { access } = session();
    return {
      ...session(),
      access: {
        ...access,
        call: (calls, timeoutMs) =>
          isAway()
            ? Promise.reject(new ClientError('unreachable', 'no answer', 'start it'))
            : access.call(calls, timeoutMs),
      },
    };
  }

  it('reports an outage of Temporal at once, and the end when Temporal is back', async () => {
    let isAway = false;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = fakeActivities({ publishRegion: () => held });
    const notes: string[] = [];
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const run = await startImage(session(), byHand(), { taskQueue });
      const watched = await watchPublication(
        through(() => isAway),
        run,
        {
          intervalMs: 10,
          onChange: () => {
            isAway = notes.length === 0;
          },
          display: {
            ...noDisplay,
            note: (line) => {
              notes.push(line);
              isAway = notes.length < 2;
              release();
            },
          },
        },
      );
      assert.equal(watched.end, 'closed');
      assert.equal(watched.status.outcome, 'published');
    });
    assert.equal(notes[0], 'Temporal does not answer; still trying');
    assert.ok(notes.length >= 2);
  });

  it('ends when Temporal never answers', async () => {
    const watching = watchPublication(
      through(() => true),
      { workflowId: 'image/none', runId: 'none' },
      { display: noDisplay },
    );
    await assert.rejects(watching, { name: 'ClientError', kind: 'unreachable' });
  });
});
