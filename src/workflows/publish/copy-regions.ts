/** Copies the snapshot to all other regions in parallel; a failed region does not stop the others. */

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { SnapshotSource } from '../../activities/shapes/image.js';
import type { ImagePlan, RegionPlan } from '../../model/plan/plan.js';
import { settleAll } from '../../model/settle.js';
import { copyBounds, copying } from '../profiles.js';
import { afterFailure, isGivenUp, operated } from './held-region.js';
import type { Publication } from './publication.js';
import type { RegionAmis } from './region-amis.js';
import { failWithoutRequired } from './required-regions.js';
import { withinPatience } from './within-patience.js';

const { copyToRegion } = proxyActivities<Pick<Activities, 'copyToRegion'>>(copying);

/** Of the timer, in Temporal's history. */
const PATIENCE = 'patience with the regions that are copied';

/** The first try of a region: its AMIs, or what comes of its wait for the operator. */
interface FirstCopy {
  readonly region?: RegionAmis | undefined;
  readonly held?: Promise<RegionAmis | undefined>;
}

/**
 * The regions that are complete, in the order of the plan. A required region that failed waits here for the operator;
 * another one waits beside the steps, and is published after the others.
 */
export async function copyToAllRegions(
  publication: Publication,
  source: SnapshotSource,
): Promise<RegionAmis[]> {
  const { run, plan, late } = publication;
  late.begin((regionPlan) => late.add(comeBack(publication, source, regionPlan)));
  const wanted = plan.copies.filter(({ regionName }) => isWanted(publication, regionName));
  // One timer for all regions: it cancels those that are late. Complete regions are not affected.
  run.setCopiesDue(plan.regionPatienceMs);
  const firsts = await withinPatience(boundMs(plan), PATIENCE, () =>
    settleAll(wanted.map((regionPlan) => firstCopy(publication, source, regionPlan))),
  );
  run.setCopiesDue(undefined);
  const regions: RegionAmis[] = [];
  for (const [index, { region, held }] of firsts.entries()) {
    if (held !== undefined && wanted[index]?.required !== true) late.add(held);
    const complete = wanted[index]?.required === true ? (region ?? (await held)) : region;
    if (complete !== undefined) regions.push(complete);
  }
  failWithoutRequired(publication);
  return regions;
}

/** Before its first try; `copying` with an early copy. */
function isWanted({ run }: Publication, regionName: string): boolean {
  return ['waiting', 'copying'].includes(run.region(regionName).state);
}

/** The patience begins with a copy's turn; this bounds both, for the case that no worker counts it. */
function boundMs({ regionPatienceMs, copyQueueMs = 0 }: ImagePlan): number {
  return regionPatienceMs + copyQueueMs;
}

async function firstCopy(
  publication: Publication,
  source: SnapshotSource,
  regionPlan: RegionPlan,
): Promise<FirstCopy> {
  const { regionName } = regionPlan;
  try {
    // The operator has skipped and retried it since its early copy began: the undo would remove the new copy.
    await publication.undone(regionName);
    if (!isWanted(publication, regionName)) return {};
    return { region: await copyRegion(publication, source, regionPlan) };
  } catch (failure) {
    if (isGivenUp(publication, regionName, failure)) return {};
    const held = publication.late.run(() =>
      afterFailure(publication, regionName, {
        failure,
        again: () => copyAgain(publication, source, regionPlan),
      }),
    );
    return { held };
  }
}

/** A region that was left out is wanted after all. Its undo ends first: it would remove the new copy. */
function comeBack(
  publication: Publication,
  source: SnapshotSource,
  regionPlan: RegionPlan,
): Promise<RegionAmis | undefined> {
  const { regionName } = regionPlan;
  return publication.late.run(async () => {
    await publication.undone(regionName);
    // Skipped again meanwhile.
    if (publication.run.region(regionName).state !== 'waiting') return undefined;
    return operated(publication, regionName, () => copyAgain(publication, source, regionPlan));
  });
}

/** With a patience of its own: that of the others may be over. */
function copyAgain(
  publication: Publication,
  source: SnapshotSource,
  regionPlan: RegionPlan,
): Promise<RegionAmis> {
  return withinPatience(boundMs(publication.plan), PATIENCE, () =>
    copyRegion(publication, source, regionPlan),
  );
}

async function copyRegion(
  { run, plan, undo, early }: Publication,
  source: SnapshotSource,
  regionPlan: RegionPlan,
): Promise<RegionAmis> {
  const { origin, arch, registration, regionPatienceMs, copyQueueMs } = plan;
  const { regionName, wanted } = regionPlan;
  const isAgain = run.region(regionName).state === 'waiting-for-operator';
  undo.register(regionName, 'copy');
  run.setRegion(regionName, { state: 'copying' });
  const summary = `copy to ${regionName}, ${wanted.length} AMIs`;
  const options = {
    ...{ summary, ...copyBounds(boundMs(plan)) },
    // Where the server knows fairness: a large compose does not keep the slots of all workers.
    priority: { fairnessKey: origin.composeId },
  };
  // The activity counts it from the moment when its copy can begin.
  const patience = copyQueueMs === undefined ? {} : { patienceMs: regionPatienceMs };
  const amis = await run.operator.skippable(regionName, async () => {
    const isBegun = (await early.ended(regionName)) || isAgain;
    const begun = isBegun ? { copyMayExist: true as const } : {};
    return copyToRegion.executeWithOptions(options, [
      { origin, arch, registration, regionPlan, source, ...patience, ...begun },
    ]);
  });
  run.setRegion(regionName, { state: 'copied', amis });
  return { regionPlan, amis };
}
