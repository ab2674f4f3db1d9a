import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { TypedSearchAttributes, WorkflowNotFoundError } from '@temporalio/common';
import { recordsFromHistories } from '../../src/client/amis.js';
import { clientErrorOf } from '../../src/client/errors.js';
import type { Session } from '../../src/client/session.js';
import { DEFAULT_DEPLOYMENT } from '../../src/model/ids/installation.js';
import { mapLimited } from '../../src/model/map-limited.js';
import {
  architectureAttribute,
  composeAttribute,
  imageAttribute,
  PUBLISH_IMAGE_WORKFLOW,
} from '../../src/contract.js';
import type { AmiRecord } from '../../src/model/progress/progress.js';
import { someRecord } from '../support/records.js';

const DAY_MS = 86_400_000;

interface Run {
  readonly execution: 'COMPLETED' | 'FAILED';
  readonly record: AmiRecord;
}

/** A Temporal that has run `runs`, newest first, and whose retention has just removed those of `gone`. */
function temporalWith(runs: readonly Run[], gone: ReadonlySet<number> = new Set()) {
  const seen = { queries: 0, underWay: 0, mostAtOnce: 0 };
  const infos = runs.map(({ execution, record }, index) => ({
    type: PUBLISH_IMAGE_WORKFLOW,
    workflowId: `image/${index}`,
    runId: `run-${index}`,
    raw: {},
    status: { name: execution },
    startTime: new Date(Date.UTC(2025, 9, 21) - index * DAY_MS),
    typedSearchAttributes: new TypedSearchAttributes([
      { key: composeAttribute, value: record.compose },
      { key: imageAttribute, value: record.image },
      { key: architectureAttribute, value: record.arch },
    ]),
  }));
  const answer = async <T>(index: number, value: T): Promise<T> => {
    seen.underWay += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, seen.underWay);
    await turn();
    seen.underWay -= 1;
    if (!gone.has(index)) return value;
    throw new WorkflowNotFoundError('workflow execution not found', `image/${index}`, undefined);
  };
  const getHandle = (workflowId: string) => {
    const index = Number(workflowId.slice('image/'.length));
    const query = () => {
      seen.queries += 1;
      return Promise.reject(new Error('a worker would have to replay this run'));
    };
    return {
      result: () => answer(index, { outcome: 'published', amis: [runs[index]?.record] }),
      describe: () => answer(index, infos[index]),
      query,
    };
  };
  // eslint-disable-next-line @typescript-eslint/require-await -- an iterator is what the client gives
  async function* list() {
    yield* infos;
  }
  const client = { workflow: { list, getHandle } };
  const call = async (calls: (one: typeof client) => Promise<unknown>) => {
    try {
      return await calls(client);
    } catch (error) {
      throw clientErrorOf(error, 'here');
    }
  };
  const session = { access: { client, call }, deployment: DEFAULT_DEPLOYMENT };
  return { session: session as unknown as Session, seen };
}

const done = (index: number, release = '43'): Run => ({
  execution: 'COMPLETED',
  record: someRecord({ release, compose: `Fedora-Cloud-${release}-20250101.${index}` }),
});

describe('the AMIs of many runs', () => {
  it('include old releases: the list is not cut at 500 runs', async () => {
    const { session, seen } = temporalWith([
      ...Array.from({ length: 699 }, (_, index) => done(index)),
      done(0, '31'),
    ]);
    assert.equal((await recordsFromHistories(session)).length, 700);
    const old = await recordsFromHistories(session, { release: '31' });
    assert.deepEqual(
      old.map(({ compose, run }) => [compose, run?.runId]),
      [['Fedora-Cloud-31-20250101.0', 'run-699']],
    );
    assert(seen.mostAtOnce > 1 && seen.mostAtOnce <= 50, `${seen.mostAtOnce} calls at once`);
  });

  it('are read without a worker replaying completed runs', async () => {
    const { session, seen } = temporalWith([done(0), done(1)]);
    assert.equal((await recordsFromHistories(session)).length, 2);
    assert.equal(seen.queries, 0);
  });

  it('are listed although retention removes one of the runs meanwhile', async () => {
    const failed = { ...done(1), execution: 'FAILED' as const };
    const { session } = temporalWith([done(0), failed, done(2), done(3)], new Set([1, 2]));
    const composes = (await recordsFromHistories(session)).map(({ compose }) => compose);
    assert.deepEqual(composes, ['Fedora-Cloud-43-20250101.0', 'Fedora-Cloud-43-20250101.3']);
  });
});

describe('calls side by side', () => {
  it('stop after one of them has failed', async () => {
    const begun: number[] = [];
    const calls = mapLimited([...Array(100).keys()], 2, async (index) => {
      begun.push(index);
      await turn();
      if (index === 1) throw new Error('refused');
    });
    await assert.rejects(calls, /refused/);
    await turn();
    assert(begun.length < 6, `${begun.length} were begun`);
  });
});
