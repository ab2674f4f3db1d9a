/** Keeps the AMIs and the snapshot of a failed test for inspection: tags them with the end of that time before the undo. */

import { CancellationScope, isCancellation, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import { EC2_TEST_EXCEPTION } from '../../model/errors.js';
import type { StepTag } from '../../model/ids/tags.js';
import { failureDetails, failureReason, serviceFailure } from '../failure-reason.js';
import { waiting } from '../profiles.js';
import type { Publication } from './publication.js';

const { keepFailed } = proxyActivities<Pick<Activities, 'keepFailed'>>(waiting);

const KEPT_STEPS: readonly StepTag[] = ['snapshot', 'register'];

/** The script ran, so its AMI is worth a look. An instance that was never launched says nothing about the AMI. */
const TEST_VERDICTS = ['test-failed', 'test-timed-out', 'test-silent'];

/** The end of the run's failure: what is kept and until when, or '' when all is undone. */
export async function keepFailedTest(
  { plan, undo }: Publication,
  failure: unknown,
): Promise<string> {
  const { origin, homeRegion, test } = plan;
  if (test.keepFailedMs === undefined || !isVerdict(failure)) return '';
  const until = new Date(Date.now() + test.keepFailedMs).toISOString();
  const input = { origin, regionName: homeRegion, steps: KEPT_STEPS, until };
  try {
    const kept = await CancellationScope.nonCancellable(() =>
      keepFailed.executeWithOptions({ summary: `keep for inspection until ${until}` }, [input]),
    );
    for (const step of KEPT_STEPS) undo.keepStep(homeRegion, step);
    return `; kept in ${homeRegion} until ${until}: ${kept.join(', ')}`;
  } catch (error) {
    // Without the tag their time has no end, so the undo removes them now.
    log.error('the resources of the failed test are not kept', { reason: failureReason(error) });
    return '';
  }
}

function isVerdict(failure: unknown): boolean {
  if (isCancellation(failure) || serviceFailure(failure)?.type !== EC2_TEST_EXCEPTION) return false;
  return TEST_VERDICTS.includes(failureDetails(failure)?.code ?? '');
}
