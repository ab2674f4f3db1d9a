/** The operator's acts under each fault of their delivery: six acts by five faults, on the real server. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import { NativeConnection, Worker } from '@temporalio/worker';
import * as contract from '../../src/contract.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { ImageProgress, ImageResult } from '../../src/model/progress/progress.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { somePlan, someRegion, someRequest } from '../support/images.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { testBundle } from '../support/workflow-worker.js';

type Handle = WorkflowHandle<() => Promise<ImageResult>>;

const SICK = 'sa-east-1';
const BY = { by: 'ann@desk' };
const REGIONS = { ...BY, regions: [SICK] };

const FAULTS = {
  'no worker is alive when it is sent': workerIsDead,
  'its answer is lost': answerIsLost,
  'the workflow task that carries it fails': taskFails,
  'it is sent twice': isSentTwice,
  'the run has closed before': isClosedBefore,
} as const;

interface Act {
  /** Of the plan. */
  readonly plan: Partial<ImagePlan>;
  /** Brings the run to where the act makes sense. */
  readonly before: (run: Run) => Promise<void>;
  readonly send: (handle: Handle) => Promise<unknown>;
  /** How the record names it. */
  readonly action: string;
  /** Ends the run; the result of the act. */
  readonly end: (run: Run) => Promise<void>;
}

const HELD: Partial<ImagePlan> = { approval: 'before-copy', operatorPatienceMs: 600_000 };
const WAITS: Partial<ImagePlan> = { operatorPatienceMs: 600_000 };

const ACTS: Readonly<Record<string, Act>> = {
  retry: {
    plan: WAITS,
    before: (run) => run.untilRegion('waiting-for-operator'),
    send: (handle) => handle.executeUpdate(contract.retryRegionsUpdate, { args: [REGIONS] }),
    action: 'retry',
    end: (run) => run.ends('published', 2),
  },
  skip: {
    plan: WAITS,
    before: (run) => run.untilRegion('waiting-for-operator'),
    send: (handle) => handle.executeUpdate(contract.skipRegionsUpdate, { args: [REGIONS] }),
    action: 'skip',
    end: (run) => run.ends('partly-published', 1),
  },
  pause: {
    plan: HELD,
    before: (run) => run.untilHold('approval'),
    send: (handle) => handle.executeUpdate(contract.pauseUpdate, { args: [BY] }),
    action: 'pause',
    end: async (run) => {
      run.repair();
      await run.handle.executeUpdate(contract.approveUpdate, { args: [BY] });
      await run.untilHold('resume');
      assert.equal(run.fake.count(`copyToRegion ${SICK}`), 0, 'a step began in a paused run');
      await run.handle.executeUpdate(contract.resumeUpdate, { args: [BY] });
      await run.ends('published', 1);
    },
  },
  resume: {
    plan: HELD,
    before: async (run) => {
      run.repair();
      await run.untilHold('approval');
      await run.handle.executeUpdate(contract.pauseUpdate, { args: [BY] });
      await run.handle.executeUpdate(contract.approveUpdate, { args: [BY] });
      await run.untilHold('resume');
    },
    send: (handle) => handle.executeUpdate(contract.resumeUpdate, { args: [BY] }),
    action: 'resume',
    end: (run) => run.ends('published', 1),
  },
  approve: {
    plan: HELD,
    before: async (run) => {
      run.repair();
      await run.untilHold('approval');
    },
    send: (handle) => handle.executeUpdate(contract.approveUpdate, { args: [BY] }),
    action: 'approve',
    end: (run) => run.ends('published', 1),
  },
  cancel: {
    plan: HELD,
    before: (run) => run.untilHold('approval'),
    send: async (handle) => {
      await handle.signal(contract.cancelNoteSignal, BY);
      await handle.cancel();
    },
    action: 'cancel',
    end: async (run) => {
      await assert.rejects(run.handle.result());
      assert.equal((await run.handle.describe()).status.name, 'CANCELLED');
      assert.equal(run.fake.calls.filter((call) => call.startsWith('publishRegion')).length, 0);
    },
  },
};

/** One image on fake activities, and the workers that come and go beside it. */
class Run {
  readonly fake: FakeActivities;
  readonly handle: Handle;
  readonly #taskQueue: string;
  readonly #connection: NativeConnection;
  /** The names of each registration in the home region. */
  readonly #registrations: string[][] = [];
  #isSick = true;
  #stop: (() => Promise<void>) | undefined;

  constructor(act: Act, where: { client: Handle['client']; connection: NativeConnection }) {
    this.#connection = where.connection;
    this.#taskQueue = `test-${randomUUID()}`;
    this.handle = where.client.getHandle(`image/matrix/${randomUUID()}/x86_64`);
    this.fake = fakeActivities({
      planImage: ({ request, workflowId, runId }) =>
        Promise.resolve(somePlan(request, { workflowId, runId }, act.plan)),
      copyToRegion: ({ regionPlan }) =>
        this.#isSick && regionPlan.regionName === SICK
          ? Promise.reject(finalFailure('the quota is used up'))
          : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
      registerImages: ({ regionPlan, snapshot }) => {
        this.#registrations.push(regionPlan.wanted.map(({ name }) => name));
        return Promise.resolve(registered(regionPlan, snapshot));
      },
    });
  }

  async start(): Promise<void> {
    await this.handle.client.start(contract.PUBLISH_IMAGE_WORKFLOW, {
      workflowId: this.handle.workflowId,
      taskQueue: this.#taskQueue,
      args: [{ request: someRequest() }] as never,
    });
  }

  repair(): void {
    this.#isSick = false;
  }

  async startWorker(options: Partial<WorkerOptions> = {}): Promise<void> {
    const { server } = await testTemporal();
    const worker = await Worker.create({
      connection: this.#connection,
      namespace: server.namespace,
      taskQueue: this.#taskQueue,
      workflowBundle: await testBundle(),
      activities: this.fake.activities,
      stickyQueueScheduleToStartTimeout: '200ms',
      ...options,
    });
    const running = worker.run();
    this.#stop = async () => {
      worker.shutdown();
      await running;
    };
  }

  async stopWorker(): Promise<void> {
    await this.#stop?.();
    this.#stop = undefined;
  }

  async progress(): Promise<ImageProgress | undefined> {
    return this.handle.query(contract.imageProgressQuery).catch(() => undefined);
  }

  untilHold(what: 'approval' | 'resume'): Promise<void> {
    return until(`the hold for ${what}`, async () => (await this.progress())?.hold?.for === what);
  }

  untilRegion(state: string): Promise<void> {
    return until(`${SICK} is ${state}`, async () => {
      const { regions = [] } = (await this.progress()) ?? {};
      return regions.some((one) => one.region === SICK && one.state === state);
    });
  }

  /** Closed with this outcome; the sick region was copied this often, and all else once. */
  async ends(outcome: ImageResult['outcome'], copies: number): Promise<void> {
    assert.equal((await this.handle.result()).outcome, outcome);
    assert.equal(this.fake.count(`copyToRegion ${SICK}`), copies);
    for (const once of ['writeImage', 'runTest']) {
      assert.equal(this.fake.count(once), 1, once);
    }
    // One registration for the tested AMIs, and one for the others.
    assert.equal(this.#registrations.length, 2, 'registerImages us-east-1');
    const wanted = someRegion('us-east-1').wanted.map(({ name }) => name);
    assert.deepEqual(this.#registrations.flat().sort(), wanted.sort());
  }

  /** How often the record has the act. */
  async recorded(action: string): Promise<number> {
    const { acts = [] } = (await this.progress()) ?? {};
    return acts.filter((one) => one.action === action).length;
  }
}

async function workerIsDead(run: Run, { send, action, end }: Act): Promise<void> {
  await run.stopWorker();
  run.repair();
  const sent = send(run.handle);
  await run.startWorker();
  await sent;
  await end(run);
  assert.equal(await run.recorded(action), 1);
}

/** The operator runs the command again, which may find that the act is done. */
async function answerIsLost(run: Run, { send, action, end }: Act): Promise<void> {
  run.repair();
  const { connection } = run.handle.client;
  const lost = new AbortController();
  const sent = connection.withAbortSignal(lost.signal, () => send(run.handle));
  await Promise.race([
    until('the act', async () => (await run.recorded(action)) > 0),
    sent.catch(() => undefined),
  ]);
  lost.abort();
  await sent.catch(() => undefined);
  await answered(send(run.handle));
  await end(run);
  assert.equal(await run.recorded(action), action === 'cancel' ? await cancels(run) : 1);
}

async function taskFails(run: Run, { send, action, end }: Act): Promise<void> {
  await run.stopWorker();
  run.repair();
  const sent = send(run.handle);
  let failures = 0;
  const codec = {
    encode: (payloads: Payload[]) => Promise.resolve(payloads),
    decode: (payloads: Payload[]) => {
      const isAct = payloads.some(({ data }) => Buffer.from(data ?? []).includes(BY.by));
      if (isAct && failures === 0) {
        failures += 1;
        return Promise.reject(new Error('the task that carries the act fails'));
      }
      return Promise.resolve(payloads);
    },
  };
  await run.startWorker({ dataConverter: { payloadCodecs: [codec] } });
  await sent;
  await end(run);
  assert.equal(failures, 1);
  assert.equal(await run.recorded(action), 1);
}

async function isSentTwice(run: Run, { send, action, end }: Act): Promise<void> {
  run.repair();
  await send(run.handle);
  await answered(send(run.handle));
  await end(run);
  assert.equal(await run.recorded(action), action === 'cancel' ? await cancels(run) : 1);
}

async function isClosedBefore(run: Run, act: Act): Promise<void> {
  run.repair();
  await act.send(run.handle);
  await act.end(run);
  const before = [...run.fake.calls];
  await assert.rejects(act.send(run.handle), WorkflowNotFoundError);
  assert.deepEqual(run.fake.calls, before);
}

/** A repeat is answered: that nothing changed, that it makes no sense any more, or that the run has closed. */
async function answered(sent: Promise<unknown>): Promise<void> {
  try {
    const answer = (await sent) as { changed: boolean } | undefined;
    if (answer !== undefined) assert.equal(answer.changed, false);
  } catch (error) {
    const isAnswer =
      error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError;
    assert(isAnswer, String(error));
  }
}

/** Each note of a cancel that came before the run closed is on record; the cancel itself is one. */
async function cancels(run: Run): Promise<number> {
  const count = await run.recorded('cancel');
  assert(count === 1 || count === 2, String(count));
  return count;
}

/** Like the other cells: all with FEDIMG_MATRIX=cells, else each act and each fault at least once. */
const ALL = process.env['FEDIMG_MATRIX'] === 'cells';

for (const [row, [fault, carryOut]] of Object.entries(FAULTS).entries()) {
  describe(`an act of the operator when ${fault}`, () => {
    const chosen = Object.entries(ACTS).filter((_act, column) => ALL || column % 5 === row);
    for (const [name, act] of chosen) {
      it(`${name} has one effect`, async () => {
        const { server, client } = await testTemporal();
        const connection = await NativeConnection.connect({ address: server.address });
        const run = new Run(act, { client: client.workflow, connection });
        try {
          await run.startWorker();
          await run.start();
          await act.before(run);
          await carryOut(run, act);
        } finally {
          await run.stopWorker();
          await connection.close();
        }
      });
    }
  });
}
