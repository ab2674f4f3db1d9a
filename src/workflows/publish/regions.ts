/** The regions of one image side by side: one region's failure never stops the others. */

import {
  ApplicationFailure,
  CancellationScope,
  patched,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import {
  copyAnnouncements,
  publishAnnouncements,
  publishedEverywhere,
} from '../../model/progress/announcement.js';
import type { FailureDetails } from '../../model/errors.js';
import { EC2_SERVICE_EXCEPTION } from '../../model/errors.js';
import type { ImagePlan, RegionPlan } from '../../model/plan/plan.js';
import { settleAll } from '../../model/settle.js';
import { everyChangeIsAnnounced, leaveOut } from './failed-region.js';
import { waiting } from '../profiles.js';
import type { Publication } from './publication.js';

const { copyToRegion, publishRegion, keepRegion } =
  proxyActivities<Pick<Activities, 'copyToRegion' | 'publishRegion' | 'keepRegion'>>(waiting);

export async function copyToAllRegions(publication: Publication): Promise<void> {
  const { copies, regionPatienceMs } = publication.run.plan;
  const usable = copies.filter(({ unusable }) => unusable === undefined);
  const whole = CancellationScope.current();
  // One timer for all: a late region is cancelled, and a region that is done does not notice.
  await CancellationScope.withTimeout(regionPatienceMs, () =>
    settleAll(usable.map((regionPlan) => copyRegion(publication, regionPlan, whole))),
  );
  refuseWithoutRequired(publication);
}

/**
 * The required regions first, home last of them: what is public at home is the sign that all of them are.
 * When one refuses, no other region is public yet.
 */
export async function publishAllRegions(publication: Publication): Promise<void> {
  const { run } = publication;
  const whole = CancellationScope.current();
  const complete = run.regionPlans.filter(
    ({ regionName }) => run.regionProgress(regionName).state === 'copied',
  );
  const isHome = ({ regionName }: RegionPlan) => regionName === run.plan.homeRegion;
  const waves = [
    complete.filter((regionPlan) => isRequired(regionPlan) && !isHome(regionPlan)),
    complete.filter(isHome),
    complete.filter((regionPlan) => !isRequired(regionPlan)),
  ];
  for (const wave of waves) {
    await settleAll(wave.map((regionPlan) => makePublic(publication, regionPlan, whole)));
    refuseWithoutRequired(publication);
  }
  if (everyChangeIsAnnounced()) {
    publication.announcements.add(...publishedEverywhere(run.plan, run.publicAmis()));
  }
}

async function copyRegion(
  publication: Publication,
  plan: RegionPlan,
  whole: CancellationScope,
): Promise<void> {
  const { run, undo, announcements } = publication;
  const { origin, arch, registration, regionPatienceMs } = run.plan;
  const source = run.source;
  if (source === undefined) throw new TypeError('there is no snapshot to copy');
  const sources = run.regionProgress(run.plan.homeRegion).amis;
  undo?.register(plan.regionName, 'copy');
  run.setRegion(plan.regionName, { state: 'copying' });
  const told = announcedRegion(run.plan, plan);
  announcements.add(...copyAnnouncements(run.plan, told, { status: 'started', sources }));
  try {
    const summary = `copy to ${plan.regionName}, ${plan.wanted.length} AMIs`;
    // The scope's timer is the bound; the profile's own must not come before it.
    const bound = regionPatienceMs + 30 * 60_000;
    const options = { summary, startToCloseTimeout: bound, scheduleToCloseTimeout: bound };
    const copies = await copyToRegion.executeWithOptions(options, [
      { origin, arch, registration, regionPlan: plan, source },
    ]);
    run.setRegion(plan.regionName, { state: 'copied', amis: copies });
    announcements.add(
      ...copyAnnouncements(run.plan, told, { status: 'completed', sources, copies }),
    );
  } catch (failure) {
    announcements.add(...copyAnnouncements(run.plan, told, { status: 'failed', sources }));
    leaveOut(publication, { regionName: plan.regionName, failure, whole });
  }
}

/** Older runs told of every AMI of the home region, also of those that a region cannot have. */
function announcedRegion({ home }: ImagePlan, regionPlan: RegionPlan): RegionPlan {
  if (patched('only-planned-copies-are-announced')) return regionPlan;
  return { ...regionPlan, wanted: home.wanted };
}

async function makePublic(
  publication: Publication,
  plan: RegionPlan,
  whole: CancellationScope,
): Promise<void> {
  const { run, undo, announcements } = publication;
  const { origin, test, makePublic } = run.plan;
  const { amis } = run.regionProgress(plan.regionName);
  if (!makePublic) return keepPrivate(publication, plan, whole);
  run.setRegion(plan.regionName, { state: 'publishing' });
  undo?.mayBePublic(plan.regionName);
  if (everyChangeIsAnnounced()) {
    announcements.add(...publishAnnouncements(run.plan, amis, 'started'));
  }
  try {
    await publishRegion.executeWithOptions({ summary: `make public in ${plan.regionName}` }, [
      {
        origin,
        regionName: plan.regionName,
        amis,
        rawSha256: run.source?.rawSha256 ?? '',
        variantsToTest: test.variants,
        tests: run.tests.map(({ variant, exitStatus }) => ({ variant, exitStatus })),
      },
    ]);
    undo?.keep(plan.regionName);
    run.setRegion(plan.regionName, { state: 'published' });
    announcements.add(...publishAnnouncements(run.plan, amis));
  } catch (failure) {
    leaveOut(publication, { regionName: plan.regionName, failure, whole });
  }
}

/** Marked before they are kept: what is neither public nor marked is removed when its run is over. */
async function keepPrivate(
  publication: Publication,
  { regionName }: RegionPlan,
  whole: CancellationScope,
): Promise<void> {
  const { run, undo } = publication;
  const { amis } = run.regionProgress(regionName);
  try {
    if (patched('private-results-are-marked')) {
      await keepRegion.executeWithOptions({ summary: `keep private in ${regionName}` }, [
        { regionName, amis },
      ]);
    }
    undo?.keep(regionName);
    run.setRegion(regionName, { state: 'private' });
  } catch (failure) {
    leaveOut(publication, { regionName, failure, whole });
  }
}

function isRequired(regionPlan: RegionPlan): boolean {
  return regionPlan.required;
}

function refuseWithoutRequired({ run }: Publication): void {
  const missing = run.regionPlans
    .filter(isRequired)
    .map(({ regionName }) => run.regionProgress(regionName))
    .filter(({ state }) => state === 'failed' || state === 'left-out');
  if (missing.length === 0) return;
  const reasons = missing.map(({ region, reason }) => `${region}: ${reason}`).join('; ');
  const details: FailureDetails = {
    code: 'required-region-failed',
    class: 'refused',
    next: 'Mend the region, or take it out of publish.required_regions, and publish again.',
  };
  throw ApplicationFailure.create({
    type: EC2_SERVICE_EXCEPTION,
    message: `required regions are incomplete: ${reasons}`,
    nonRetryable: true,
    details: [details],
  });
}
