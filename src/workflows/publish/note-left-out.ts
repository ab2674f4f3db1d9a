/** Records left-out regions as tags on the published AMIs, because Temporal's histories expire. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import { amiRecords, imageFacts, withReason } from '../../model/catalogue/ami-records.js';
import { tagRoom } from '../../model/ids/own-tags.js';
import type { ImagePlan } from '../../model/plan/plan.js';
import type { LeftOutRegion } from '../../model/plan/plan-tags.js';
import { variantsText } from '../../model/plan/plan-tags.js';
import type { ImageOutcome } from '../../model/progress/progress.js';
import { failureReason } from '../failure-reason.js';
import { noting } from '../profiles.js';
import type { RecordedRun } from './image-result.js';
import { regionsWithResults } from './image-result.js';

const { noteLeftOut } = proxyActivities<Pick<Activities, 'noteLeftOut'>>(noting);

/** Never rejects and cannot be cancelled: the AMIs are published, and a missing note does not change that. */
export async function noteLeftOutRegions(
  run: RecordedRun,
  plan: Pick<ImagePlan, 'origin' | 'test'>,
  outcome: ImageOutcome,
): Promise<void> {
  const host = regionsWithResults(run)[0];
  const leftOut = leftOutRegions(run, outcome);
  if (host === undefined || leftOut.length === 0) return;
  const { region } = host;
  const amis = host.amis.map(({ ami }) => ami);
  const room = tagRoom(plan.origin.ownTags, plan.test.variants.length);
  const summary = `note ${leftOut.length} left-out regions on the AMIs in ${region}`;
  try {
    await CancellationScope.nonCancellable(() =>
      noteLeftOut.executeWithOptions({ summary }, [{ regionName: region, amis, leftOut, room }]),
    );
  } catch (failure) {
    log.warn('left-out regions are not noted on the AMIs', { reason: failureReason(failure) });
  }
}

/** Regions that lack a wanted AMI, and regions for which the plan could not want any. */
function leftOutRegions(run: RecordedRun, outcome: ImageOutcome): LeftOutRegion[] {
  const image = imageFacts(run.request);
  return run.regionPlans.flatMap((plan) => {
    const { regionName } = plan;
    const region = run.progress.regions.find((one) => one.region === regionName);
    if (region === undefined) return [];
    const records = amiRecords({ image, tested: [], plan, progress: withReason(region, outcome) });
    const missing = records.slice(0, plan.wanted.length).filter(({ ami }) => ami === null);
    if (missing.length === 0 && plan.wanted.length > 0) return [];
    return [{ regionName, variants: variantsText(plan), reason: missing[0]?.reason ?? '' }];
  });
}
