/** Copies the snapshot to all other regions in parallel; a failed region does not stop the others. */

import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { Activities, SnapshotSource } from '../../activities/activities.js';
import type { RegionPlan } from '../../model/plan/plan.js';
import { settleAll } from '../../model/settle.js';
import { copyBounds, waiting } from '../profiles.js';
import { leaveOut } from './leave-out.js';
import type { Publication, RegionAmis } from './publication.js';
import { failWithoutRequired } from './required-regions.js';

const { copyToRegion } = proxyActivities<Pick<Activities, 'copyToRegion'>>(waiting);

/** The regions that are complete, in the order of the plan. */
export async function copyToAllRegions(
  publication: Publication,
  source: SnapshotSource,
): Promise<RegionAmis[]> {
  const { copies, regionPatienceMs } = publication.plan;
  const usable = copies.filter(({ unusable }) => unusable === undefined);
  // One timer for all regions: it cancels those that are late. Complete regions are not affected.
  const settled = await CancellationScope.withTimeout(regionPatienceMs, () =>
    settleAll(usable.map((regionPlan) => copyRegion(publication, source, regionPlan))),
  );
  failWithoutRequired(publication);
  return settled.filter((region) => region !== undefined);
}

/** undefined when the region is left out. */
async function copyRegion(
  publication: Publication,
  source: SnapshotSource,
  regionPlan: RegionPlan,
): Promise<RegionAmis | undefined> {
  const { run, plan, undo } = publication;
  const { origin, arch, registration, regionPatienceMs } = plan;
  const { regionName, wanted } = regionPlan;
  undo.register(regionName, 'copy');
  run.setRegion(regionName, { state: 'copying' });
  try {
    const summary = `copy to ${regionName}, ${wanted.length} AMIs`;
    const options = { summary, ...copyBounds(regionPatienceMs) };
    const amis = await copyToRegion.executeWithOptions(options, [
      { origin, arch, registration, regionPlan, source },
    ]);
    run.setRegion(regionName, { state: 'copied', amis });
    return { regionPlan, amis };
  } catch (failure) {
    leaveOut(publication, regionName, failure);
    return undefined;
  }
}
