/**
 * Holds the virtual clock while Temporal has work to hand out: between the end of an activity and the start of those
 * that follow it no time passes in the cloud, so that regions begin together as they do in production.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Client } from '@temporalio/client';
import type { VirtualClock } from '../test/support/virtual-clock.js';

/** As it is told by Temporal: after this, the workflow waits for something else, such as a slot. */
const REST_PATIENCE_MS = 3_000;
const LOOK_MS = 5;

export interface RunId {
  readonly workflowId: string;
  readonly runId?: string;
}

export class TemporalRest {
  readonly #running = new Set<string>();
  #clock: VirtualClock | undefined;
  #client: Client | undefined;

  /** To be called before the first workflow starts. */
  attach(clock: VirtualClock, client: Client): void {
    this.#clock = clock;
    this.#client = client;
  }

  readonly interceptor: ActivityInterceptorsFactory = ({ info }) => ({
    inbound: {
      execute: async (input, next) => {
        const { workflowId = '', runId = '' } = info.workflowExecution ?? {};
        const key = keyOf(runId, info.activityId);
        this.#running.add(key);
        try {
          return await next(input);
        } finally {
          this.#running.delete(key);
          this.holdUntilRest({ workflowId, runId }, info.activityId);
        }
      },
    },
  });

  /** Holds the clock until all activities that Temporal knows of this run are at work. `ended` is to be gone first. */
  holdUntilRest(run: RunId, ended?: string): void {
    const release = this.#clock?.hold();
    if (release === undefined) return;
    void this.#untilRest(run, ended).finally(release);
  }

  async #untilRest({ workflowId, runId }: RunId, ended: string | undefined): Promise<void> {
    const handle = this.#client?.workflow.getHandle(workflowId, runId);
    const untilMs = performance.now() + REST_PATIENCE_MS;
    while (handle !== undefined && performance.now() < untilMs) {
      await delay(LOOK_MS);
      const { raw, status } = await handle.describe().catch(() => ({ raw: null, status: null }));
      if (raw === null) continue;
      if (status.name !== 'RUNNING') return;
      const pending = raw.pendingActivities ?? [];
      if (raw.pendingWorkflowTask || pending.some(({ activityId }) => activityId === ended))
        continue;
      const open = pending.filter(({ attempt }) => (attempt ?? 1) === 1);
      const id = raw.workflowExecutionInfo?.execution?.runId ?? runId ?? '';
      // The first look of all may come before the first activity.
      if (ended === undefined && pending.length === 0) continue;
      if (open.every(({ activityId }) => this.#running.has(keyOf(id, activityId ?? '')))) return;
    }
  }
}

function keyOf(runId: string, activityId: string): string {
  return `${runId} ${activityId}`;
}
