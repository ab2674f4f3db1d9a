/** The tag that marks AMIs and snapshots as results of a run: the sweep never removes those. */

import { log } from '@temporalio/activity';
import { classifyAwsError } from '../aws/errors.js';
import type { RegionAccess } from '../aws/region-access.js';
import { addTags } from '../aws/tags.js';
import { RESULT_STATE, TAG } from '../model/ids/tags.js';
import type { RegisteredAmi } from '../model/plan/plan.js';

/** Tags AMIs and snapshots in one call, so that an AMI is never complete without its snapshot. */
export async function markComplete(
  ec2: RegionAccess,
  amis: readonly RegisteredAmi[],
  signal: AbortSignal,
): Promise<void> {
  const ids = new Set(amis.flatMap(({ ami, snapshot }) => [ami, snapshot]));
  if (ids.size === 0) return;
  await addTags(ec2, [...ids], { [TAG.state]: RESULT_STATE.complete }, signal);
}

/** Already public: logs a refused tag and resolves. */
export async function markPublished(
  ec2: RegionAccess,
  amis: readonly RegisteredAmi[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await markComplete(ec2, amis, signal);
  } catch (error) {
    const failure = classifyAwsError(error);
    if (failure?.class !== 'refused') throw error;
    log.warn('published AMIs could not be tagged as complete', {
      region: ec2.name,
      reason: failure.message,
      next: failure.next,
    });
  }
}
