/** A failed test's AMIs and snapshot may be kept for inspection: tagged with their end before anything else is undone. */

import { CancellationScope, isCancellation, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import { EC2_TEST_EXCEPTION } from '../../model/errors.js';
import type { StepTag } from '../../model/ids/tags.js';
import { failureDetails, failureReason, serviceFailure } from '../failure-reason.js';
import { waiting } from '../profiles.js';
import type { Publication } from './publication.js';

const { keepFailed } = proxyActivities<Pick<Activities, 'keepFailed'>>(waiting);

const KEPT_STEPS: readonly StepTag[] = ['snapshot', 'register'];

/** Codes of a script that spoke; an instance that was never launched tells nothing of an image. */
const TEST_VERDICTS = ['test-failed', 'test-timed-out', 'test-silent'];

/** What was kept and until when, for the run's failure; '' when nothing was. */
export async function keepFailedTest(publication: Publication, failure: unknown): Promise<string> {
  const { run, undo } = publication;
  if (!isVerdict(failure)) return '';
  const { origin, homeRegion, test } = run.plan;
  if (test.keepFailedMs === undefined) return '';
  const until = new Date(Date.now() + test.keepFailedMs).toISOString();
  const input = { origin, regionName: homeRegion, steps: KEPT_STEPS, until };
  try {
    const kept = await CancellationScope.nonCancellable(() =>
      keepFailed.executeWithOptions({ summary: `keep for inspection until ${until}` }, [input]),
    );
    for (const step of KEPT_STEPS) undo?.keepStep(homeRegion, step);
    return `; kept in ${homeRegion} until ${until}: ${kept.join(', ')}`;
  } catch (error) {
    // What has no end must not stay.
    log.error('what the failed test left is not kept', { reason: failureReason(error) });
    return '';
  }
}

function isVerdict(failure: unknown): boolean {
  if (isCancellation(failure) || serviceFailure(failure)?.type !== EC2_TEST_EXCEPTION) return false;
  return TEST_VERDICTS.includes(failureDetails(failure)?.code ?? '');
}
