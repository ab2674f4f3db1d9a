/** What a run did not publish is told by its AMIs, too: their tags outlive the run's history. */

import { CancellationScope, log, patched, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import { amiRecords, withReason } from '../../model/catalogue/ami-records.js';
import type { LeftOutRegion } from '../../model/plan/plan-tags.js';
import { variantsText } from '../../model/plan/plan-tags.js';
import type { ImageOutcome } from '../../model/progress/progress.js';
import { failureReason } from '../failure-reason.js';
import type { ImageRun } from './image-run.js';
import { noting } from '../profiles.js';
import type { Publication } from './publication.js';

const { noteLeftOut } = proxyActivities<Pick<Activities, 'noteLeftOut'>>(noting);

/** Never rejects, and no cancellation interrupts it: at this point all that counts is done. */
export async function tellLeftOut({ run }: Publication, outcome: ImageOutcome): Promise<void> {
  const host = run.results()[0];
  const leftOut = leftOutRegions(run, outcome);
  if (host === undefined || leftOut.length === 0) return;
  if (!patched('left-out-regions-are-noted')) return;
  const { region } = host;
  const amis = host.amis.map(({ ami }) => ami);
  const summary = `note ${leftOut.length} left-out regions on the AMIs in ${region}`;
  try {
    await CancellationScope.nonCancellable(() =>
      noteLeftOut.executeWithOptions({ summary }, [{ regionName: region, amis, leftOut }]),
    );
  } catch (failure) {
    log.warn('left-out regions are not noted on the AMIs', { reason: failureReason(failure) });
  }
}

/** Regions without one of the AMIs that were wanted there, or for which none could be wanted. */
function leftOutRegions(run: ImageRun, outcome: ImageOutcome): LeftOutRegion[] {
  return run.regionPlans.flatMap((plan) => {
    const { regionName } = plan;
    const progress = withReason(run.regionProgress(regionName), outcome);
    const records = amiRecords({ image: run.image, tested: [], plan, progress });
    const missing = records.slice(0, plan.wanted.length).filter(({ ami }) => ami === null);
    if (missing.length === 0 && plan.wanted.length > 0) return [];
    return [{ regionName, variants: variantsText(plan), reason: missing[0]?.reason ?? '' }];
  });
}
