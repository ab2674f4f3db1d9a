/** Says on AMIs and snapshots themselves that they are results: the sweep never touches those. */

import { log } from '@temporalio/activity';
import { classifyAwsError } from '../aws/errors.js';
import type { RegionAccess } from '../aws/region-access.js';
import { addTags } from '../aws/tags.js';
import type { RegisteredAmi } from '../model/plan/plan.js';
import { RESULT_STATE, TAG } from '../model/ids/tags.js';
import type { KeepRegionInput } from './activities.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/** For results that stay private: but for this tag they look like what a terminated run leaves. */
export function keepRegion({ aws }: ActivityContext, input: KeepRegionInput): Promise<void> {
  return heartbeating(waitingFor('tags'), (_report, signal) =>
    markComplete(aws.region(input.regionName), input.amis, signal),
  );
}

/** For what is public already: nobody's refusal of a tag makes it less published. */
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

/** One call, so that an AMI is never complete without its snapshot. */
async function markComplete(
  ec2: RegionAccess,
  amis: readonly RegisteredAmi[],
  signal: AbortSignal,
): Promise<void> {
  const ids = new Set(amis.flatMap(({ ami, snapshot }) => [ami, snapshot]));
  if (ids.size === 0) return;
  await addTags(ec2, [...ids], { [TAG.state]: RESULT_STATE.complete }, signal);
}
