/** Removes an image: its id is gone, its name stays taken, listings may still show it. */

import type { Cloud } from '../../cloud.js';
import type { ImageRecord } from '../../store/state.js';

/** API reference, DescribeImages: "Recently deregistered images appear in the returned results for a short interval". Answers whether there is one. */
export function listDeregistered(cloud: Cloud, image: ImageRecord, forMs: number): boolean {
  if (cloud.images.get(image.region, image.id) !== undefined || forMs === 0) return false;
  const ghostUntil = Math.round(cloud.clock.now() + forMs);
  const ended: ImageRecord = { ...image, deregistered: true };
  cloud.ghosts.add('image', { ...ended, ghostUntil });
  return true;
}

/** Its id is unavailable from now on, and its name is taken for a while longer. */
export function forgetImage(cloud: Cloud, image: ImageRecord): void {
  const { region } = image;
  cloud.images.delete(image);
  cloud.deregistered.put(`${region}/${image.id}`, true);
  listDeregistered(cloud, image, cloud.latency.draw('deregisteredListed'));
  const delayMs = cloud.latency.draw('imageNameFreed');
  if (delayMs === 0) return;
  cloud.freedNames.put(`${region}/${image.name}`, {
    imageId: image.id,
    freedAt: cloud.clock.now() + delayMs,
  });
}
