/** Judges what the sweep may remove: it keeps a resource unless every check says that it is a stray of this installation. */

import type { Installation } from '../ids/installation.js';
import { installationText } from '../ids/installation.js';
import type { RunRef } from '../ids/run-ref.js';
import type { KeptReason, ResourceType, RunState, StrayReason } from './sweep.js';
import type { Tags } from '../ids/tags.js';
import { MANAGED_BY, RESULT_STATE, TAG } from '../ids/tags.js';

/** A resource as EC2 lists it. */
export interface OwnedResource {
  readonly region: string;
  readonly type: ResourceType;
  readonly id: string;
  readonly tags: Tags;
  /** Milliseconds since the epoch; undefined when EC2 does not say. */
  readonly createdMs: number | undefined;
  /** Of an AMI; for a snapshot, EC2 is asked only where it matters. */
  readonly isPublic: boolean;
  /** The snapshots of an AMI, the instances that a volume is attached to. */
  readonly uses: readonly string[];
}

export type Verdict =
  | { readonly stray: true; readonly code: StrayReason; readonly reason: string }
  | { readonly stray: false; readonly code: KeptReason; readonly reason: string };

export function kept(code: KeptReason, reason: string): Verdict {
  return { stray: false, code, reason };
}

/** The installation that the tags name; undefined when one of the tags is missing. */
export function installationOf(tags: Tags): Installation | undefined {
  const { [TAG.cluster]: cluster, [TAG.namespace]: namespace, [TAG.deployment]: deployment } = tags;
  const isComplete =
    tags[MANAGED_BY.key] === MANAGED_BY.value && cluster && namespace && deployment;
  return isComplete ? { cluster, namespace, deployment } : undefined;
}

/** The run that made the resource, or undefined when it lacks a tag of the deployment or of a run. */
export function runOf(
  { tags }: Pick<OwnedResource, 'tags'>,
  deployment: string,
): RunRef | undefined {
  const isOurs = tags[MANAGED_BY.key] === MANAGED_BY.value && tags[TAG.deployment] === deployment;
  return isOurs ? namedRun(tags) : undefined;
}

/** The same of one installation only: its Temporal knows the run. */
export function ownRunOf(
  { tags }: Pick<OwnedResource, 'tags'>,
  own: Installation,
): RunRef | undefined {
  const named = installationOf(tags);
  return named !== undefined && isSame(named, own) ? namedRun(tags) : undefined;
}

function namedRun({ [TAG.workflow]: workflowId, [TAG.run]: runId }: Tags): RunRef | undefined {
  return workflowId && runId ? { workflowId, runId } : undefined;
}

function isSame(a: Installation, b: Installation): boolean {
  return a.cluster === b.cluster && a.namespace === b.namespace && a.deployment === b.deployment;
}

/** The verdict where it does not depend on the run: for most resources of a quiet account, which are published. */
export function judgeByItself(resource: OwnedResource, own: Installation): Verdict | undefined {
  const named = installationOf(resource.tags);
  // Its Temporal may be running its run: that this one does not know the run is not evidence.
  if (named !== undefined && !isSame(named, own)) {
    return kept('other-installation', `it belongs to ${installationText(named)}`);
  }
  if (ownRunOf(resource, own) === undefined) {
    return kept('foreign-tags', 'it lacks one of the tags of an installation and of a run');
  }
  if (resource.isPublic) return kept('public', 'it is public');
  if (isResultType(resource) && resource.tags[TAG.state] === RESULT_STATE.complete) {
    return kept('result', 'it is marked as a result of its run');
  }
  return undefined;
}

export interface JudgeOptions {
  readonly installation: Installation;
  readonly graceMs: number;
  readonly nowMs: number;
}

/** The verdict, except for two facts that EC2 must be asked for: who uses it, and whether a snapshot is public. */
export function judge(
  resource: OwnedResource,
  run: RunState,
  { installation, graceMs, nowMs }: JudgeOptions,
): Verdict {
  const settled = judgeByItself(resource, installation);
  if (settled !== undefined) return settled;
  if (run.state === 'open') return kept('run-open', 'its run is under way');
  const { createdMs, tags } = resource;
  if (createdMs === undefined || !(nowMs - createdMs >= graceMs)) {
    return kept('young', `it is younger than the grace period of ${seconds(graceMs)}`);
  }
  if (run.state === 'closed' && !(nowMs - Date.parse(run.closedAt ?? '') >= graceMs)) {
    return kept('closed-lately', `its run closed within the grace period of ${seconds(graceMs)}`);
  }
  const until = tags[TAG.keepUntil];
  // An unreadable date keeps it, too.
  if (until !== undefined && !(Date.parse(until) <= nowMs)) {
    return kept('kept-until', `it is kept until ${until}`);
  }
  if (isResultType(resource)) {
    const result = judgeResult(resource, run);
    if (result !== undefined) return result;
  }
  if (run.state === 'unknown') {
    return { stray: true, code: 'run-unknown', reason: 'Temporal does not know its run' };
  }
  const ended = run.status.toLowerCase().replace('_', ' ');
  return {
    stray: true,
    code: 'run-closed',
    reason: `its run is closed (${ended}) and does not list it`,
  };
}

/** Without a state tag, which somebody may have removed, only the known failure of its run makes it a stray. */
function judgeResult({ id, tags }: OwnedResource, run: RunState): Verdict | undefined {
  if (run.state === 'closed' && run.results.includes(id)) {
    return kept('result', 'its run lists it as a result');
  }
  if (tags[TAG.state] === RESULT_STATE.unfinished) return undefined;
  const failed = run.state === 'closed' && run.status !== 'COMPLETED';
  return failed
    ? undefined
    : kept('may-be-result', 'its run may have completed it: its state is unknown');
}

function isResultType({ type }: OwnedResource): boolean {
  return type === 'image' || type === 'snapshot';
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} seconds`;
}
