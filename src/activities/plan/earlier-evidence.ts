/** What an earlier run has left as evidence: its snapshot, and the tests that its tags name. */

import { findSnapshots } from '../../aws/snapshots.js';
import { tagOf, tagsOf } from '../../aws/tags.js';
import { parsePassed } from '../../model/ids/evidence.js';
import type { Origin, Tags } from '../../model/ids/tags.js';
import { imageKey, TAG } from '../../model/ids/tags.js';
import type { Variant } from '../../model/ids/variant.js';
import { VIRTUALIZATION_TYPES, variantKey } from '../../model/ids/variant.js';
import type { Completion } from '../../model/plan/completion.js';
import type { RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type { Untested } from '../../model/plan/untested.js';
import { passedVirts, untestedReason } from '../../model/plan/untested.js';
import { regionWithout } from '../../model/plan/plan-without.js';
import type { PlanContext } from './plan-context.js';

/** The tested snapshot, and the tests that passed on it. */
export type Source = Omit<Completion, 'regions'>;
export type Evidence = (Source & { readonly tags: Tags }) | { readonly reason: string };

/** The snapshot of the home region's AMIs with the tests that passed on it, or the reason why it cannot be used. */
export async function readEvidence(
  { aws }: PlanContext,
  origin: Origin,
  [made]: readonly RegisteredAmi[],
  signal: AbortSignal,
): Promise<Evidence> {
  if (made === undefined) return { reason: 'no AMI is in the home region' };
  const { regionName } = made;
  const snapshots = await findSnapshots(aws.region(regionName), imageKey(origin), signal);
  const snapshot = snapshots.find(({ SnapshotId }) => SnapshotId === made.snapshot);
  const rawSha256 = snapshot === undefined ? undefined : tagOf(snapshot, TAG.rawSha256);
  if (snapshot?.State !== 'completed' || rawSha256 === undefined) {
    return { reason: `EC2 does not list the tested snapshot ${made.snapshot} in ${regionName}` };
  }
  const tags = tagsOf(snapshot);
  const source = { regionName, snapshot: made.snapshot, rawSha256 };
  return { source, tests: parsePassed(tags), tags };
}

/** A new test would need an instance of a region that is done; so what the earlier run did not test is left out. */
export function untestedByEarlier(plans: readonly RegionPlan[], evidence: Evidence): Untested[] {
  if (!('source' in evidence)) return [];
  const { tests, tags, source } = evidence;
  const passed = passedVirts(tests.map(({ variant }) => variant));
  // Without any evidence the image cannot be completed at all, and the reason says so.
  if (passed.size === 0) return [];
  const isWanted = (virt: string) =>
    plans.some(({ wanted }) => wanted.some(({ variant }) => variant.virt === virt));
  return VIRTUALIZATION_TYPES.filter((virt) => isWanted(virt) && !passed.has(virt)).map((virt) => ({
    virt,
    reason:
      untestedReason(tags, virt) ??
      `the snapshot ${source.snapshot} has no tag of a passed test of a ${virt} AMI`,
  }));
}

/** AMIs that an earlier run has published stay wanted: this run lists them. */
export function withoutUntested(
  plans: readonly RegionPlan[],
  untested: readonly Untested[],
  atHome: readonly RegisteredAmi[],
): RegionPlan[] {
  const names = new Set(atHome.map(({ name }) => name));
  return plans.map((plan) =>
    untested.reduce((rest, one) => regionWithout(rest, one, (name) => names.has(name)), plan),
  );
}

/** What regions are added from, or the reason why none can be. */
export function completionFrom(
  testVariants: readonly Variant[],
  evidence: Evidence,
  untested: readonly Untested[],
): Source | { readonly reason: string } {
  if (!('source' in evidence)) return evidence;
  const { source, tests } = evidence;
  const passed = tests.map(({ variant }) => variant);
  const needed = testVariants.filter(({ virt }) => !untested.some((one) => one.virt === virt));
  const open = needed.map(variantKey).filter((variant) => !passed.includes(variant));
  if (needed.length === 0 || open.length > 0) {
    return {
      reason: `the snapshot ${source.snapshot} has no tag of a passed test of ${open.join(', ')}`,
    };
  }
  return { source, tests };
}
