/** Removes what terminated runs left: looks into every region, then removes at most what one sweep may remove. */

import { isCancellation, log, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { FoundStrays, SweepPlan } from '../activities/shapes/removal.js';
import type { SweepInput } from '../contract.js';
import type { SweepItem, SweepReport } from '../model/sweep/sweep.js';
import { mostTelling, RESOURCE_TYPES, sumOfOthers } from '../model/sweep/sweep.js';
import { failureReason } from './failure-reason.js';
import { finding, planningSweep, removing } from './profiles.js';
import { sweepDetails } from './sweep-details.js';

const { planSweep } = proxyActivities<Pick<Activities, 'planSweep'>>(planningSweep);
const { findStrays } = proxyActivities<Pick<Activities, 'findStrays'>>(finding);
const { removeStrays } = proxyActivities<Pick<Activities, 'removeStrays'>>(removing);

/** Kept resources that one report lists: Temporal limits the size of a payload. */
const KEPT_LISTED_MAX = 300;

export async function sweep({ deployment, dryRun }: SweepInput): Promise<SweepReport> {
  const plan = await planSweep.executeWithOptions({ summary: 'regions and limits' }, [deployment]);
  const search = await findEverywhere(deployment, plan);
  const { strays, waiting } = chosen(search.found, plan);
  const removal = dryRun
    ? { removed: strays, left: [], failed: [] }
    : await removeEverywhere(deployment, plan, strays);
  const report = reportOf({ dryRun, plan, search, waiting, removal });
  setCurrentDetails(sweepDetails(report));
  log.info('sweep is done', summaryOf(report));
  return report;
}

type FailedRegion = SweepReport['failedRegions'][number];

interface Search {
  readonly found: readonly FoundStrays[];
  readonly failed: readonly FailedRegion[];
}

async function findEverywhere(deployment: string, plan: SweepPlan): Promise<Search> {
  const { regions, graceMs, maxRemovals: straysMax, regionPatienceMs } = plan;
  const found: FoundStrays[] = [];
  const failed = await inEachRegion(regions, async (regionName) => {
    const options = {
      summary: `look into ${regionName}`,
      scheduleToCloseTimeout: regionPatienceMs,
    };
    const input = { deployment, regionName, graceMs, straysMax };
    found.push(await findStrays.executeWithOptions(options, [input]));
  });
  return { found, failed };
}

/** What this sweep removes: the order of removal runs over all regions, so that each region gets its share. */
function chosen(
  found: readonly FoundStrays[],
  { maxRemovals }: SweepPlan,
): { readonly strays: readonly SweepItem[]; readonly waiting: number } {
  const rank = ({ type }: SweepItem) => RESOURCE_TYPES.indexOf(type);
  const all = found
    .flatMap(({ strays }) => strays)
    .sort((a, b) => rank(a) - rank(b) || (b.ageSeconds ?? 0) - (a.ageSeconds ?? 0));
  const more = found.reduce((sum, one) => sum + one.more, 0);
  const strays = all.slice(0, maxRemovals);
  return { strays, waiting: all.length - strays.length + more };
}

interface Removal {
  readonly removed: readonly SweepItem[];
  readonly left: readonly SweepItem[];
  readonly failed: readonly FailedRegion[];
}

async function removeEverywhere(
  deployment: string,
  { graceMs, regions }: SweepPlan,
  strays: readonly SweepItem[],
): Promise<Removal> {
  const removed: SweepItem[] = [];
  const left: SweepItem[] = [];
  const concerned = regions.filter((one) => strays.some(({ region }) => region === one));
  const failed = await inEachRegion(concerned, async (regionName) => {
    const own = strays.filter((stray) => stray.region === regionName);
    const result = await removeStrays.executeWithOptions(
      { summary: `remove ${own.length} strays in ${regionName}` },
      [{ deployment, regionName, graceMs, strays: own }],
    );
    removed.push(...result.removed);
    left.push(...result.left);
  });
  return { removed, left, failed };
}

/** In parallel; a failed region does not affect the others. A cancellation ends the whole sweep. */
async function inEachRegion(
  regions: readonly string[],
  act: (regionName: string) => Promise<void>,
): Promise<FailedRegion[]> {
  const failed: FailedRegion[] = [];
  await Promise.all(
    regions.map(async (regionName) => {
      try {
        await act(regionName);
      } catch (failure) {
        if (isCancellation(failure)) throw failure;
        failed.push({ region: regionName, reason: failureReason(failure) });
      }
    }),
  );
  return failed;
}

function reportOf(sweep: {
  readonly dryRun: boolean;
  readonly plan: SweepPlan;
  readonly search: Search;
  readonly waiting: number;
  readonly removal: Removal;
}): SweepReport {
  const { dryRun, plan, search, waiting, removal } = sweep;
  const kept = search.found.flatMap((one) => one.kept);
  return {
    ...plan.installation,
    dryRun,
    regions: plan.regions,
    removed: sorted(removal.removed),
    left: sorted(removal.left),
    kept: sorted(mostTelling(kept, KEPT_LISTED_MAX)),
    keptCount: search.found.reduce((sum, { keptCount }) => sum + keptCount, 0),
    waiting,
    unreconciled: search.found.flatMap(({ unreconciled }) => unreconciled),
    others: sumOfOthers(search.found.flatMap(({ others }) => others)),
    failedRegions: [...search.failed, ...removal.failed],
  };
}

function sorted(items: readonly SweepItem[]): SweepItem[] {
  const key = ({ region, type, id }: SweepItem) =>
    `${region} ${RESOURCE_TYPES.indexOf(type)} ${id}`;
  return items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** For the worker's log: ids, at most 50 of each kind. */
function summaryOf(report: SweepReport): Record<string, unknown> {
  const named = (items: readonly SweepItem[]) =>
    items.slice(0, 50).map(({ region, id, reason }) => `${id} in ${region}: ${reason}`);
  return {
    deployment: report.deployment,
    dryRun: report.dryRun,
    removedCount: report.removed.length,
    removed: named(report.removed),
    left: named(report.left),
    keptCount: report.keptCount,
    waiting: report.waiting,
    others: report.others,
    unreconciled: report.unreconciled.map(({ workflow, region }) => `${workflow} in ${region}`),
    failedRegions: report.failedRegions,
  };
}
