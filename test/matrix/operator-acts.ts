/** The six acts of the operator, and the run that each acts on. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { WorkerOptions, NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import * as contract from '../../src/contract.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { ImageProgress, ImageResult } from '../../src/model/progress/progress.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { somePlan, someRegion, someRequest } from '../support/images.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { testBundle } from '../support/workflow-worker.js';

export type Handle = WorkflowHandle<() => Promise<ImageResult>>;

export const SICK = 'sa-east-1';

export const BY = { by: 'ann@desk' };

export const REGIONS = { ...BY, regions: [SICK] };

export interface Act {
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

export const HELD: Partial<ImagePlan> = { approval: 'before-copy', operatorPatienceMs: 600_000 };

export const WAITS: Partial<ImagePlan> = { operatorPatienceMs: 600_000 };

export const ACTS: Readonly<Record<string, Act>> = {
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
export class Run {
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
