/** How many volumes the account may have in a region. */

import { CloudError } from '../../errors.js';
import type { Call } from './action.js';

/** EC2 API reference, error codes: VolumeLimitExceeded. A volume that is being deleted no longer counts. */
export function checkVolumeCount(call: Call): void {
  if (volumesLeft(call) > 0) return;
  throw new CloudError(
    'VolumeLimitExceeded',
    'You have exceeded the maximum number of volumes of this Region.',
  );
}

/** Below 0 when a launch has made more than the limit allows. */
export function volumesLeft({ cloud, region }: Call): number {
  const { volumesPerRegion: limit } = cloud.settings;
  if (limit === undefined) return Infinity;
  const volumes = [...cloud.volumes.inRegion(region)].filter((one) => one.goneAt === undefined);
  return limit - volumes.length;
}
