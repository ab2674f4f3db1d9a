import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { ClientError } from '../../src/client/errors.js';
import type { Session } from '../../src/client/session.js';
import { startImage } from '../../src/client/start.js';
import { screenLines } from '../../src/commands/view/screen.js';
import { approveUpdate } from '../../src/contract.js';
import { EC2_SERVICE_EXCEPTION } from '../../src/model/errors.js';
import { overviewOf } from '../../src/model/status/compose-overview.js';
import { noDisplay } from '../../src/commands/view/progress-display.js';
import { watchPublication } from '../../src/commands/shared/watch.js';
import { fakeActivities, registered } from '../support/fake-activities.js';
import { somePlan } from '../support/images.js';
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
    assert.ok(notes.length >= 2, String(notes.length));
  });

  it('shows a dead image server, a waiting approval and a throttled region within five seconds', async () => {
    const troubles = {
      server: /plan failed .*: the server at 127\.0\.0\.1:8000 refuses the connection/,
      approval: /waits for approval before the step copy.*\n.*fedimg approve/,
      region: /copy to sa-east-1 failed .*: RequestLimitExceeded/,
    };
    const beganMs = new Map<keyof typeof troubles, number>([['server', Date.now()]]);
    const seenMs = new Map<keyof typeof troubles, number>();
    const fails = (name: keyof typeof troubles, message: string, region?: string) => {
      const details = {
        code: 'test',
        class: 'unreachable',
        next: 'wait',
        ...(region && { region }),
      };
      if (!beganMs.has(name)) beganMs.set(name, Date.now());
      return ApplicationFailure.create({
        type: EC2_SERVICE_EXCEPTION,
        message,
        details: [details],
      });
    };
    const fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) =>
        seenMs.has('server')
          ? Promise.resolve(somePlan(request, { workflowId, runId }, { approval: 'before-copy' }))
          : Promise.reject(fails('server', 'connect ECONNREFUSED 127.0.0.1:8000')),
      copyToRegion: ({ regionPlan }) =>
        regionPlan.regionName === 'sa-east-1' && !seenMs.has('region')
          ? Promise.reject(fails('region', 'RequestLimitExceeded: slow down', 'sa-east-1'))
          : Promise.resolve(registered(regionPlan, 'snap-1')),
    });
    await withWorker(fake.activities, async ({ taskQueue, client }) => {
      const run = await startImage(session(), byHand(), { taskQueue });
      const handle = client.workflow.getHandle(run.workflowId);
      const paint = (_style: unknown, text: string): string => text;
      const watched = await watchPublication(session(), run, {
        intervalMs: 200,
        display: {
          ...noDisplay,
          update: (status) => {
            const overview = overviewOf(status);
            const size = { columns: 200, rows: 60, rates: new Map() };
            const text = screenLines(
              { overview, messages: [] },
              { paint, nowMs: Date.now(), ...size },
            ).join('\n');
            if (overview.attention === 'approval' && !beganMs.has('approval')) {
              beganMs.set('approval', Date.now());
            }
            for (const [name, pattern] of Object.entries(troubles)) {
              const key = name as keyof typeof troubles;
              if (seenMs.has(key) || !pattern.test(text)) continue;
              seenMs.set(key, Date.now());
              if (key === 'approval')
                void handle.executeUpdate(approveUpdate, { args: [{ by: 'a' }] });
            }
          },
        },
      });
      assert.equal(watched.status.outcome, 'published');
    });
    for (const name of ['server', 'approval', 'region'] as const) {
      const took = (seenMs.get(name) ?? Infinity) - (beganMs.get(name) ?? 0);
      assert(took < 5_000, `${name} took ${took} ms`);
    }
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
