/** The state of an image now, and which images use a snapshot. */

import { CloudError } from '../../errors.js';
import type { ImageRecord } from '../../store/state.js';
import type { Call } from './action.js';
import { findImage } from './lookup.js';
import { maySee, snapshotStatus } from './snapshot-state.js';

export type ImageState = 'pending' | 'available' | 'failed' | 'disabled' | 'deregistered';

/** A copy is available once its own snapshots are. */
export function imageState(call: Pick<Call, 'cloud'>, image: ImageRecord): ImageState {
  const now = call.cloud.clock.now();
  if (image.deregistered === true) return 'deregistered';
  if (image.failed !== undefined && image.availableAt <= now) return 'failed';
  if (image.disabled === true) return 'disabled';
  if (image.availableAt > now) return 'pending';
  for (const snapshotId of snapshotIdsOf(image)) {
    const snapshot = call.cloud.snapshots.get(image.region, snapshotId);
    if (snapshot === undefined) continue;
    const status = snapshotStatus(snapshot, now);
    if (status === 'pending') return 'pending';
    if (status === 'error') return 'failed';
  }
  return 'available';
}

export function snapshotIdsOf(image: ImageRecord): string[] {
  return image.blockDevices.flatMap(({ ebs }) =>
    ebs?.snapshotId === undefined ? [] : [ebs.snapshotId],
  );
}

/** The account's images in the region that are made from the snapshot. */
export function imagesUsing(call: Call, snapshotId: string): ImageRecord[] {
  return [...call.cloud.images.inRegion(call.region)].filter(
    (image) => image.ownerId === call.cloud.accountId && snapshotIdsOf(image).includes(snapshotId),
  );
}

/** EC2 API reference, error codes: InvalidAMIID.Unavailable. */
export function unavailableImage(id: string): CloudError {
  return new CloudError('InvalidAMIID.Unavailable', `The image ID '${id}' is no longer available`);
}

/** The image for a call that changes or uses it; one that was deregistered is "no longer available". */
export function findUsableImage(call: Call, id: string): ImageRecord {
  if (call.cloud.deregistered.has(`${call.region}/${id}`)) throw unavailableImage(id);
  const image = findImage(call, id);
  if (!maySee(call, image)) {
    throw new CloudError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
  }
  return image;
}

export function findOwnImage(call: Call, id: string): ImageRecord {
  const image = findUsableImage(call, id);
  if (image.ownerId === call.cloud.accountId) return image;
  throw new CloudError('AuthFailure', `Not authorized for image:${id}`, 403);
}

export function isPublic(image: ImageRecord): boolean {
  return image.permissions.everyone;
}
