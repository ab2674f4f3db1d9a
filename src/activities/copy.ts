/** One other region: one copy of the snapshot, then the registration of its AMIs. */

import { ensureSnapshotCopy, waitUntilSnapshotComplete } from '../aws/snapshots.js';
import type { RegisteredAmi } from '../model/plan/plan.js';
import { snapshotTags, stepKey, TAG } from '../model/ids/tags.js';
import type { CopyToRegionInput } from './activities.js';
import type { ActivityContext } from './attempt/context.js';
import { isRepeat } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { ensureImages } from './register.js';

export function copyToRegion(
  { aws }: ActivityContext,
  input: CopyToRegionInput,
): Promise<RegisteredAmi[]> {
  const { origin, source } = input;
  const ec2 = aws.region(input.regionPlan.regionName);
  const from = { [TAG.sourceSnapshot]: source.snapshot };
  return heartbeating(waitingFor('snapshot copy'), async (report, signal) => {
    const snapshot = await ensureSnapshotCopy(
      ec2,
      source,
      {
        key: { ...stepKey(origin, 'copy'), ...from },
        tags: { ...snapshotTags(origin, 'copy', source.rawSha256), ...from },
        description: `${origin.image} (${origin.composeId})`,
        mayExist: isRepeat(),
      },
      signal,
    );
    await waitUntilSnapshotComplete(ec2, snapshot, {
      signal,
      onProgress: (percent) => report(waitingFor('snapshot copy', percent)),
    });
    report(waitingFor('AMIs'));
    return ensureImages(ec2, { ...input, snapshot, rawSha256: source.rawSha256 }, 'copy', signal);
  });
}
