/** Keeps the AMIs and snapshots of a failed test for inspection: private, and for a limited time. */

import { findImages } from '../aws/images.js';
import { findSnapshots } from '../aws/snapshots.js';
import { addTags } from '../aws/tags.js';
import { stepKey, TAG } from '../model/ids/tags.js';
import type { KeepFailedInput } from './shapes/test.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/** Safe to repeat. A resource that EC2 does not list yet gets no tag, and the next sweep removes it. */
export function keepFailed({ aws }: ActivityContext, input: KeepFailedInput): Promise<string[]> {
  const { origin, steps, until } = input;
  const ec2 = aws.region(input.regionName);
  return heartbeating(waitingFor('tags'), async (_report, signal) => {
    const found = await Promise.all(
      steps.map(async (step) => {
        const key = stepKey(origin, step);
        const images = await findImages(ec2, key, signal);
        const snapshots = await findSnapshots(ec2, key, signal);
        return [
          ...images.flatMap(({ ImageId }) => ImageId ?? []),
          ...snapshots.flatMap(({ SnapshotId }) => SnapshotId ?? []),
        ];
      }),
    );
    const ids = found.flat();
    if (ids.length > 0) await addTags(ec2, ids, { [TAG.keepUntil]: until }, signal);
    return ids;
  });
}
