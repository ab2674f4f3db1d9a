/** Decides whether a resource is a stray: Temporal knows whether its run is closed, EC2 whether it is in use. */

import { findImagesOfSnapshot } from '../../aws/images.js';
import type { RegionAccess } from '../../aws/region-access.js';
import { isSnapshotPublic } from '../../aws/snapshots.js';
import type { Installation } from '../../model/ids/installation.js';
import type { RunRef } from '../../model/ids/run-ref.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { OwnedResource, Verdict } from '../../model/sweep/stray.js';
import { judge, judgeByItself, kept, ownRunOf } from '../../model/sweep/stray.js';
import type { RunState, SweepItem } from '../../model/sweep/sweep.js';
import { RESULT_STATE, TAG } from '../../model/ids/tags.js';
import type { WorkflowRuns } from '../attempt/context.js';

export interface StrayJudgeOptions {
  readonly runs: WorkflowRuns;
  readonly ec2: RegionAccess;
  readonly installation: Installation;
  readonly graceMs: number;
  readonly signal: AbortSignal;
}

export class StrayJudge {
  readonly #options: StrayJudgeOptions;

  constructor(options: StrayJudgeOptions) {
    this.#options = options;
  }

  /** `going`: resources that are removed before this one and so do not count as its users. */
  async verdict(resource: OwnedResource, going: ReadonlySet<string>): Promise<Verdict> {
    const { installation, graceMs, ec2 } = this.#options;
    const settled = judgeByItself(resource, installation);
    const run = ownRunOf(resource, installation);
    if (settled !== undefined || run === undefined) {
      return settled ?? kept('foreign-tags', 'its tags name no run');
    }
    const state = await this.stateOf(run);
    const verdict = judge(resource, state, { installation, graceMs, nowMs: ec2.clock.now() });
    if (!verdict.stray) return verdict;
    return (await this.#needed(resource, going)) ?? verdict;
  }

  /** Rejects when Temporal does not answer: silence does not mean that the run is closed. */
  async stateOf(run: RunRef, options?: { readonly mayBeOld: boolean }): Promise<RunState> {
    const { runs, signal } = this.#options;
    try {
      return await runs.stateOf(run, options);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new ServiceError(
        EC2_SERVICE_EXCEPTION,
        `Temporal did not answer whether ${run.workflowId} is running: ${(error as Error).message}`,
        {
          code: 'run-state-unknown',
          class: 'unreachable',
          next: 'The sweep asks again, and removes strays only after Temporal has answered.',
        },
        { cause: error },
      );
    }
  }

  async #needed(
    { type, id, uses, tags }: OwnedResource,
    going: ReadonlySet<string>,
  ): Promise<Verdict | undefined> {
    const { ec2, signal } = this.#options;
    if (type === 'volume') {
      const instances = uses.filter((one) => !going.has(one));
      if (instances.length > 0) return kept('in-use', `it is attached to ${instances.join(', ')}`);
    }
    if (type === 'snapshot') {
      const images = await findImagesOfSnapshot(ec2, id, signal);
      const staying = images.filter((one) => !going.has(one));
      if (staying.length > 0) return kept('in-use', `${staying.join(', ')} needs it`);
      // A snapshot becomes public before its AMI. In an unfinished region that alone does not make it a result.
      const isUnfinished = tags[TAG.state] === RESULT_STATE.unfinished;
      if (!isUnfinished && (await isSnapshotPublic(ec2, id, signal))) {
        return kept('public', 'it is public');
      }
    }
    return undefined;
  }
}

/** One row of the report. */
export function sweepItem(
  resource: OwnedResource,
  { code, reason }: Verdict,
  nowMs: number,
): SweepItem {
  const { region, type, id, createdMs } = resource;
  const known = createdMs !== undefined && Number.isFinite(createdMs);
  return {
    region,
    type,
    id,
    createdAt: known ? new Date(createdMs).toISOString() : null,
    ageSeconds: known ? Math.round((nowMs - createdMs) / 1000) : null,
    workflow: resource.tags[TAG.workflow] ?? null,
    run: resource.tags[TAG.run] ?? null,
    code,
    reason,
  };
}
