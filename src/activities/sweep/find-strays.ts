/** Finds one region's strays, and fedimg's other resources with the reason why they stay. Only reads. */

import { isCode } from '../../aws/errors.js';
import { listOwned } from '../../aws/inventory.js';
import type { Installation } from '../../model/ids/installation.js';
import type { RunRef } from '../../model/ids/run-ref.js';
import type { OwnedResource } from '../../model/sweep/stray.js';
import { installationOf, ownRunOf } from '../../model/sweep/stray.js';
import type {
  OtherInstallation,
  RunState,
  SweepItem,
  UnreconciledRun,
} from '../../model/sweep/sweep.js';
import { mostTelling, RESOURCE_TYPES, sumOfOthers } from '../../model/sweep/sweep.js';
import { managedKey, RESULT_STATE, TAG } from '../../model/ids/tags.js';
import type { FindStraysInput, FoundStrays } from '../shapes/removal.js';
import type { ActivityContext, WorkflowRuns } from '../attempt/context.js';
import { heartbeating, waitingFor } from '../attempt/heartbeat.js';
import { refuseOtherDeployment } from './plan-sweep.js';
import { StrayJudge, sweepItem } from './stray-judge.js';

/** Keeps the activity's result small in a region with many published AMIs. */
const KEPT_LISTED_MAX = 100;

export function findStrays(
  { aws, config, installation, runs, clock }: ActivityContext,
  input: FindStraysInput,
): Promise<FoundStrays> {
  const { deployment, graceMs, straysMax } = input;
  const ec2 = aws.region(input.regionName);
  return heartbeating(waitingFor(`list of ${input.regionName}`), async (report, signal) => {
    refuseOtherDeployment(config, deployment);
    const resources = inOrderOfRemoval(await listOwned(ec2, managedKey(), signal));
    report(waitingFor(`runs of ${resources.length} resources`));
    const once = askedOnce(runs);
    const judge = new StrayJudge({ runs: once, ec2, installation, graceMs, signal });
    const going = new Set<string>();
    const strays: SweepItem[] = [];
    const kept: SweepItem[] = [];
    const others: OtherInstallation[] = [];
    for (const resource of resources) {
      try {
        const verdict = await judge.verdict(resource, going);
        (verdict.stray ? strays : kept).push(sweepItem(resource, verdict, clock.now()));
        if (verdict.stray) going.add(resource.id);
        if (verdict.code === 'other-installation') others.push(...otherOf(resource));
      } catch (error) {
        // It was removed meanwhile.
        if (!isCode(error, 'InvalidSnapshot.NotFound')) throw error;
      }
    }
    return {
      strays: strays.slice(0, straysMax),
      more: Math.max(0, strays.length - straysMax),
      kept: mostTelling(kept, KEPT_LISTED_MAX),
      keptCount: kept.length,
      unreconciled: await unreconciledRuns(resources, judge, installation),
      others: sumOfOthers(others),
    };
  });
}

function otherOf({ tags }: OwnedResource): OtherInstallation[] {
  const named = installationOf(tags);
  return named === undefined ? [] : [{ ...named, resources: 1 }];
}

/** EC2's order of removal first, then by age, which keeps the resources of one run together. */
function inOrderOfRemoval(resources: readonly OwnedResource[]): OwnedResource[] {
  const rank = ({ type }: OwnedResource) => RESOURCE_TYPES.indexOf(type);
  return resources.toSorted((a, b) => rank(a) - rank(b) || (a.createdMs ?? 0) - (b.createdMs ?? 0));
}

/** Asks Temporal once for each run: the listing shows one moment, and the removal asks again. */
function askedOnce(runs: WorkflowRuns): WorkflowRuns {
  const asked = new Map<string, Promise<RunState>>();
  return {
    endingOf: (run) => runs.endingOf(run),
    stateOf: (run, options) => {
      if (options?.mayBeOld === true) return runs.stateOf(run, options);
      const key = JSON.stringify([run.workflowId, run.runId]);
      const answer = asked.get(key) ?? runs.stateOf(run, options);
      asked.set(key, answer);
      return answer;
    },
  };
}

/** Runs that were terminated or timed out while they published: their public AMIs stay, and an operator must know. */
async function unreconciledRuns(
  resources: readonly OwnedResource[],
  judge: StrayJudge,
  installation: Installation,
): Promise<UnreconciledRun[]> {
  const found = new Map<string, UnreconciledRun>();
  for (const resource of resources) {
    const run = ownRunOf(resource, installation);
    if (resource.type !== 'image' || !resource.isPublic || run === undefined) continue;
    const reason = await whyUnreconciled(resource, run, judge);
    if (reason === undefined) continue;
    const before = found.get(run.runId);
    found.set(run.runId, {
      workflow: run.workflowId,
      run: run.runId,
      region: resource.region,
      amis: [...(before?.amis ?? []), resource.id],
      reason,
    });
  }
  return [...found.values()];
}

async function whyUnreconciled(
  { tags }: OwnedResource,
  run: RunRef,
  judge: StrayJudge,
): Promise<string | undefined> {
  const state = await judge.stateOf(run, { mayBeOld: true });
  if (state.state === 'closed' && ['TERMINATED', 'TIMED_OUT'].includes(state.status)) {
    const how = state.status === 'TERMINATED' ? 'was terminated' : 'timed out';
    return `its run ${how} after these AMIs became public: they stay`;
  }
  if (state.state === 'unknown' && tags[TAG.state] === RESULT_STATE.unfinished) {
    return 'Temporal does not know its run, which never completed this region: they stay';
  }
  return undefined;
}
