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
    settleAll(usable.map((region) => copyRegion(publication, region, whole))),
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
    ({ region }) => run.regionProgress(region).state === 'copied',
  );
  const isHome = ({ region }: RegionPlan) => region === run.plan.homeRegion;
  const waves = [
    complete.filter((region) => isRequired(region) && !isHome(region)),
    complete.filter(isHome),
    complete.filter((region) => !isRequired(region)),
  ];
  for (const wave of waves) {
    await settleAll(wave.map((region) => makePublic(publication, region, whole)));
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
  undo?.register(plan.region, 'copy');
  run.region(plan.region, { state: 'copying' });
  const told = announcedRegion(run.plan, plan);
  announcements.add(...copyAnnouncements(run.plan, told, { status: 'started', sources }));
  try {
    const summary = `copy to ${plan.region}, ${plan.wanted.length} AMIs`;
    // The scope's timer is the bound; the profile's own must not come before it.
    const bound = regionPatienceMs + 30 * 60_000;
    const options = { summary, startToCloseTimeout: bound, scheduleToCloseTimeout: bound };
    const copies = await copyToRegion.executeWithOptions(options, [
      { origin, arch, registration, region: plan, source },
    ]);
    run.region(plan.region, { state: 'copied', amis: copies });
    announcements.add(
      ...copyAnnouncements(run.plan, told, { status: 'completed', sources, copies }),
    );
  } catch (failure) {
    announcements.add(...copyAnnouncements(run.plan, told, { status: 'failed', sources }));
    leaveOut(publication, { region: plan.region, failure, whole });
  }
}

/** Older runs told of every AMI of the home region, also of those that a region cannot have. */
function announcedRegion({ home }: ImagePlan, region: RegionPlan): RegionPlan {
  if (patched('only-planned-copies-are-announced')) return region;
  return { ...region, wanted: home.wanted };
}

async function makePublic(
  publication: Publication,
  plan: RegionPlan,
  whole: CancellationScope,
): Promise<void> {
  const { run, undo, announcements } = publication;
  const { origin, test, makePublic } = run.plan;
  const { amis } = run.regionProgress(plan.region);
  if (!makePublic) return keepPrivate(publication, plan, whole);
  run.region(plan.region, { state: 'publishing' });
  undo?.mayBePublic(plan.region);
  if (everyChangeIsAnnounced()) {
    announcements.add(...publishAnnouncements(run.plan, amis, 'started'));
  }
  try {
    await publishRegion.executeWithOptions({ summary: `make public in ${plan.region}` }, [
      {
        origin,
        region: plan.region,
        amis,
        rawSha256: run.source?.rawSha256 ?? '',
        variantsToTest: test.variants,
        tests: run.tests.map(({ variant, exitStatus }) => ({ variant, exitStatus })),
      },
    ]);
    undo?.keep(plan.region);
    run.region(plan.region, { state: 'published' });
    announcements.add(...publishAnnouncements(run.plan, amis));
  } catch (failure) {
    leaveOut(publication, { region: plan.region, failure, whole });
  }
}

/** Marked before they are kept: what is neither public nor marked is removed when its run is over. */
async function keepPrivate(
  publication: Publication,
  { region }: RegionPlan,
  whole: CancellationScope,
): Promise<void> {
  const { run, undo } = publication;
  const { amis } = run.regionProgress(region);
  try {
    if (patched('private-results-are-marked')) {
      await keepRegion.executeWithOptions({ summary: `keep private in ${region}` }, [
        { region, amis },
      ]);
    }
    undo?.keep(region);
    run.region(region, { state: 'private' });
  } catch (failure) {
    leaveOut(publication, { region, failure, whole });
  }
}

function isRequired(region: RegionPlan): boolean {
  return region.required;
}

function refuseWithoutRequired({ run }: Publication): void {
  const missing = run.regionPlans
    .filter(isRequired)
    .map(({ region }) => run.regionProgress(region))
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
