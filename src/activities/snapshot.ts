/** The written volume becomes the run's one snapshot; then the volume is destroyed. */

import {
  ensureSnapshotOfVolume,
  findSnapshots,
  waitUntilSnapshotComplete,
} from '../aws/snapshots.js';
import { destroyVolume, detachVolume } from '../aws/volumes.js';
import { inRegion } from '../model/ids/own-tags.js';
import { snapshotTags, stepKey } from '../model/ids/tags.js';
import type { SnapshotSource, SnapshotVolumeInput } from './shapes/image.js';
import type { ActivityContext } from './attempt/context.js';
import { isRepeat } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

export function snapshotVolume(
  { aws }: ActivityContext,
  input: SnapshotVolumeInput,
): Promise<SnapshotSource> {
  const { utility, rawSha256 } = input;
  const origin = inRegion(input.origin, utility.regionName);
  const ec2 = aws.region(utility.regionName);
  const volume = utility.volumeId;
  return heartbeating(waitingFor(`snapshot of ${volume}`), async (report, signal) => {
    const key = { ...stepKey(origin, 'snapshot'), 'fedimg:volume': volume };
    const [made] = await findSnapshots(ec2, key, signal);
    // A snapshot holds only what was written before the call, so the instance must have released the device.
    if (made === undefined) await detachVolume(ec2, volume, signal);
    const snapshot = await ensureSnapshotOfVolume(
      ec2,
      volume,
      {
        key,
        tags: { ...snapshotTags(origin, 'snapshot', rawSha256), 'fedimg:volume': volume },
        description: `${origin.image} (${origin.composeId})`,
        mayExist: isRepeat(),
      },
      signal,
    );
    await waitUntilSnapshotComplete(ec2, snapshot, {
      signal,
      onProgress: (percent) => report(waitingFor(`snapshot ${snapshot}`, percent)),
    });
    await destroyVolume(ec2, volume, signal);
    return { regionName: utility.regionName, snapshot, rawSha256 };
  });
}
