/** Asks Temporal for the state of the runs in resources' tags. By workflow id first, because a reset makes a new run id. */

import type { WorkflowClient, WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { RunEnding, WorkflowRuns } from '../activities/attempt/context.js';
import type { RunRef } from '../model/ids/run-ref.js';
import type { ImageResult } from '../model/progress/progress.js';
import type { RunState } from '../model/sweep/sweep.js';

/** A run in any other status, also paused or unknown to us, may go on. */
const CLOSED = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];
/** Closed runs that need not be asked about again; a year of publications has far fewer. */
const REMEMBERED_MAX = 10_000;
const CALL_TIMEOUT_MS = 10_000;
/** Enough for the events since the last workflow task: all copies of an image end within it. */
const LAST_EVENTS = 200;

export class TemporalRuns implements WorkflowRuns {
  readonly #client: WorkflowClient;
  readonly #remembered = new Map<string, RunState>();

  constructor(client: WorkflowClient) {
    this.#client = client;
  }

  async stateOf(run: RunRef, options?: { readonly mayBeOld: boolean }): Promise<RunState> {
    const key = JSON.stringify([run.workflowId, run.runId]);
    const before = this.#remembered.get(key);
    if (before !== undefined && options?.mayBeOld === true) return before;
    const state = await this.#client.connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      this.#ask(run),
    );
    if (state.state === 'open') this.#remembered.delete(key);
    else if (this.#remembered.size < REMEMBERED_MAX) this.#remembered.set(key, state);
    return state;
  }

  async endingOf({ workflowId, runId }: RunRef): Promise<RunEnding | undefined> {
    const deadline = Date.now() + CALL_TIMEOUT_MS;
    return this.#client.connection.withDeadline(deadline, async () => {
      const described = await this.#describe(workflowId, runId);
      if (described === undefined || CLOSED.includes(described.status.name)) return 'closed';
      const { cancelRequested } = described.raw.workflowExtendedInfo ?? {};
      // Older servers do not describe the request, but each server records it.
      const isCancelled = cancelRequested === true || (await this.#isCancelRecorded(described));
      return isCancelled ? 'cancelled' : undefined;
    });
  }

  /** A request that no workflow task has handled yet is among the last events. */
  async #isCancelRecorded({ workflowId, runId }: WorkflowExecutionDescription): Promise<boolean> {
    const { history } = await this.#client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: this.#client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: LAST_EVENTS,
    });
    return (history?.events ?? []).some(
      (event) => event.workflowExecutionCancelRequestedEventAttributes,
    );
  }

  /**
   * A workflow id has at most one open execution, and all executions of a chain, also after a reset, have the same
   * first run id. So when the newest execution belongs to another chain, this chain is closed.
   */
  async #ask({ workflowId, runId }: RunRef): Promise<RunState> {
    const newest = await this.#describe(workflowId);
    if (newest === undefined) return { state: 'unknown' };
    const isNewestChain = (await this.#firstRunId(newest)) === runId;
    const last = isNewestChain ? newest : await this.#describe(workflowId, runId);
    if (last === undefined) return { state: 'unknown' };
    if (!CLOSED.includes(last.status.name)) return { state: 'open' };
    return {
      state: 'closed',
      status: last.status.name,
      closedAt: last.closeTime?.toISOString(),
      results: last.status.name === 'COMPLETED' ? await this.#results(last) : [],
    };
  }

  /** Undefined when Temporal does not know the run. Any other error rejects, also a missing namespace. */
  async #describe(
    workflowId: string,
    runId?: string,
  ): Promise<WorkflowExecutionDescription | undefined> {
    try {
      return await this.#client.getHandle(workflowId, runId).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  /** Servers before 1.26 do not describe it, but the first event always has it. */
  async #firstRunId({ raw, workflowId, runId }: WorkflowExecutionDescription): Promise<string> {
    const described = raw.workflowExecutionInfo?.firstRunId;
    if (described) return described;
    const { history } = await this.#client.workflowService.getWorkflowExecutionHistory({
      namespace: this.#client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    if (!started?.firstExecutionRunId) throw new TypeError(`${workflowId} has no first event`);
    return started.firstExecutionRunId;
  }

  async #results({ workflowId, runId }: WorkflowExecutionDescription): Promise<string[]> {
    const handle = this.#client.getHandle(workflowId, runId, { followRuns: false });
    const result = (await handle.result()) as Partial<ImageResult> | undefined;
    return (result?.amis ?? []).flatMap(({ ami, snapshot }) => [ami ?? [], snapshot ?? []].flat());
  }
}
