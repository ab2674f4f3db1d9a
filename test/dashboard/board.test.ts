import assert from 'node:assert/strict';
import type { Publication } from '../../src/client/publications.js';
import { ClientError } from '../../src/client/errors.js';
import { Board } from '../../src/dashboard/board/board.js';
import type { BoardSource } from '../../src/dashboard/board/reading.js';
import { shownOf } from '../../src/dashboard/board/shown.js';
import type { Overview } from '../../src/model/status/overview.js';
import { until } from '../support/until.js';
import { runOf, someCompose, someImage, testDashboard, withSickRegion } from './overviews.js';

/** Temporal, of which each publication can be held up. */
class SlowTemporal implements BoardSource {
  readonly overviews = new Map<string, Overview>();
  readonly reads: string[] = [];
  readonly #held = new Map<string, Promise<void>>();
  readonly #gone = new Set<string>();
  readonly workflowIdOf = (id: string): string => id;

  constructor(overviews: readonly Overview[]) {
    for (const one of overviews) this.set(one);
  }

  set(overview: Overview): void {
    this.overviews.set(overview.workflowId, overview);
  }

  /** Answers that are asked for from now on come when the returned function is called. */
  hold({ workflowId }: Overview): () => void {
    let release = (): void => undefined;
    this.#held.set(workflowId, new Promise((resolve) => (release = resolve)));
    return () => {
      this.#held.delete(workflowId);
      release();
    };
  }

  forget({ workflowId }: Overview): void {
    this.#gone.add(workflowId);
  }

  list = (which: 'open' | 'all'): Promise<Publication[]> => {
    const runs = [...this.overviews.values()].map(runOf);
    return Promise.resolve(runs.filter((one) => which === 'all' || one.execution === 'RUNNING'));
  };

  read = async ({ workflowId }: { readonly workflowId: string }): Promise<Overview> => {
    this.reads.push(workflowId);
    const now = this.overviews.get(workflowId);
    await this.#held.get(workflowId);
    if (now !== undefined && !this.#gone.has(workflowId)) return now;
    throw new ClientError('not-found', `there is no ${workflowId}`, 'List all.');
  };
}

function composeOf(release: string, reason: string | null = null) {
  return someCompose({
    ...{ compose: `Fedora-Cloud-${release}-20261122.0`, release, outcome: 'running', reason },
    images: [],
  });
}

async function withBoard(
  temporal: SlowTemporal,
  body: (board: Board) => Promise<void>,
): Promise<void> {
  const board = new Board({ source: temporal, intervalMs: 10 });
  try {
    await body(board);
  } finally {
    await board.close();
  }
}

const reasonsOf = ({ overviews }: { readonly overviews: readonly Overview[] }) =>
  overviews.map(({ reason }) => reason);

describe('a page while Temporal or a worker answers late', () => {
  it('is served at once, and the other composes on it stay up to date', async () => {
    const late = composeOf('44', 'old');
    const temporal = new SlowTemporal([late, composeOf('43', 'old')]);
    await withBoard(temporal, async (board) => {
      await board.look();
      const release = temporal.hold(late);
      temporal.set(composeOf('44', 'new'));
      temporal.set(composeOf('43', 'new'));
      await until(
        'the other compose is up to date',
        async () => reasonsOf(await board.look())[1] === 'new',
      );
      assert.equal(reasonsOf(await board.look())[0], 'old');
      release();
      await until('the late one follows', () => reasonsOf(board.view)[0] === 'new');
    });
  });

  it('says with `readAt` how old the oldest part of it is', async () => {
    const late = composeOf('44');
    const temporal = new SlowTemporal([late, composeOf('43')]);
    await withBoard(temporal, async (board) => {
      await board.look();
      const release = temporal.hold(late);
      const held = temporal.reads.length;
      await until('the late one is asked', () =>
        temporal.reads.slice(held).includes(late.workflowId),
      );
      const { readAt } = board.view;
      const before = temporal.reads.length;
      await until('the other one is read again', () => temporal.reads.length > before + 3);
      assert.equal(board.view.readAt, readAt);
      release();
      await until('all is read again', () => board.view.readAt !== readAt);
    });
  });

  it('has the effect of an act, though a reading was under way before the act', async () => {
    const compose = composeOf('44', 'before the act');
    const temporal = new SlowTemporal([compose]);
    await withBoard(temporal, async (board) => {
      await board.look();
      const release = temporal.hold(compose);
      const asked = temporal.reads.length;
      await until('a reading is under way', () => temporal.reads.length > asked);
      temporal.set(composeOf('44', 'after the act'));
      const refreshed = board.refresh();
      release();
      await refreshed;
      assert.deepEqual(reasonsOf(board.view), ['after the act']);
    });
  });

  it('leaves out a compose whose retention has ended since it was listed', async () => {
    const [kept, gone] = [composeOf('44'), composeOf('43')];
    const temporal = new SlowTemporal([kept, gone]);
    temporal.forget(gone);
    await withBoard(temporal, async (board) => {
      const { overviews, trouble } = await board.look();
      assert.deepEqual(
        overviews.map(({ workflowId }) => workflowId),
        [kept.workflowId],
      );
      assert.equal(trouble, null);
    });
  });
});

describe('the live page of one image', () => {
  const [one, other] = (['x86_64', 'aarch64'] as const).map((arch) =>
    someImage({ outcome: 'running', arch }),
  );
  assert(one !== undefined && other !== undefined, 'no image');

  it('does not change with the other image of its compose', async () => {
    const temporal = new SlowTemporal([someCompose({ outcome: 'running', images: [one, other] })]);
    await withBoard(temporal, async (board) => {
      const before = await board.look();
      // As read anew: equal, but other objects.
      const moved = { ...structuredClone(other), step: 'publish' as const };
      const images = [structuredClone(one), moved];
      temporal.set(someCompose({ outcome: 'running', images }));
      await until('the board has the change', () => board.view.version !== before.version);
      assert.deepEqual(shownOf(board.view, one.workflowId), shownOf(before, one.workflowId));
      assert.equal(
        shownOf(board.view, one.workflowId)[0],
        shownOf(before, one.workflowId)[0],
        'the same object',
      );
      assert.notEqual(
        shownOf(board.view, other.workflowId)[0],
        shownOf(before, other.workflowId)[0],
      );
    });
  });

  it('gets an event for its own change, and none for the other image', async () => {
    const show = (x86: typeof one, arm: typeof other) => [
      someCompose({ outcome: 'running', images: [x86, arm], startedAt: '2026-11-22T00:00:00Z' }),
    ];
    const dashboard = testDashboard({ overviews: show(one, other) });
    try {
      await dashboard.board.look();
      const path = `/events?of=${encodeURIComponent(one.workflowId)}`;
      const { body } = await dashboard.app.request(path, { headers: { host: '127.0.0.1:8300' } });
      assert(body !== null, 'no body');
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      const nextVersion = async (): Promise<number> => {
        const { value = '' } = await reader.read();
        return (JSON.parse(/data: (.*)/.exec(value)?.[1] ?? '{}') as { version: number }).version;
      };
      const first = await nextVersion();
      assert.equal(first, dashboard.board.view.version);
      dashboard.show(show(one, { ...other, step: 'publish' }));
      await until('the other image moved', () => dashboard.board.view.version > first);
      dashboard.show(show({ ...one, step: 'publish' }, { ...other, step: 'publish' }));
      assert.equal(await nextVersion(), first + 2);
      await reader.cancel();
    } finally {
      await dashboard.close();
    }
  });

  it('changes with the line on top when another compose needs a person', async () => {
    const second = someImage({ outcome: 'running', compose: 'Fedora-Cloud-1-20261122.0' });
    const byHand = { ...second, isByHand: true };
    const compose = someCompose({ outcome: 'running', images: [one] });
    const temporal = new SlowTemporal([compose, byHand]);
    await withBoard(temporal, async (board) => {
      const before = await board.look();
      temporal.set(withSickRegion(byHand));
      await until('the board has it', () => board.view.version !== before.version);
      assert.notDeepEqual(shownOf(board.view, one.workflowId), shownOf(before, one.workflowId));
    });
  });
});
