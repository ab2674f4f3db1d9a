/** The end of an image: deregistration and its protection, deprecation, disabling. */

import type { Cloud } from '../../cloud.js';
import { CloudError, incorrectState, invalidValue } from '../../errors.js';
import { flag, required, text, timestamp } from '../../input.js';
import type { ImageRecord } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { findOwnImage, imagesUsing, isPublic, snapshotIdsOf } from '../lib/image-state.js';
import { deleteSnapshot } from './snapshots.js';

/** EC2 user guide, "Protect an AMI from deregistration": the cooldown is 24 hours. */
const cooldownMs = 24 * 3600_000;
const publicYearsMax = 2;
const yearsMax = 10;

const imageInput = { ImageId: required(text) };

export const imageLifecycleActions: ActionTable = {
  DeregisterImage: action({ ...imageInput, DeleteAssociatedSnapshots: flag }, (call, input) => {
    const image = findOwnImage(call, input.ImageId);
    if (isProtected(call.cloud, image)) {
      throw new CloudError(
        'OperationNotPermitted',
        `The image ${image.id} is protected against deregistration.`,
      );
    }
    forgetImage(call.cloud, image);
    const results =
      input.DeleteAssociatedSnapshots === true ? deleteSnapshotsOf(call, image) : undefined;
    return { return: true, deleteSnapshotResultSet: results };
  }),

  EnableImageDeprecation: action(
    { ...imageInput, DeprecateAt: required(timestamp) },
    (call, input) => {
      const image = findOwnImage(call, input.ImageId);
      image.deprecationTime = checkDeprecation(call, image, input.DeprecateAt);
      call.cloud.images.put(image);
      return { return: true };
    },
  ),
  DisableImageDeprecation: action(imageInput, (call, input) => {
    const image = findOwnImage(call, input.ImageId);
    delete image.deprecationTime;
    call.cloud.images.put(image);
    return { return: true };
  }),

  EnableImageDeregistrationProtection: action(
    { ...imageInput, WithCooldown: flag },
    (call, input) => {
      const image = findOwnImage(call, input.ImageId);
      image.deregistrationProtection =
        input.WithCooldown === true ? 'enabled-with-cooldown' : 'enabled';
      delete image.protectedUntil;
      call.cloud.images.put(image);
      return { return: image.deregistrationProtection };
    },
  ),
  DisableImageDeregistrationProtection: action(imageInput, (call, input) => {
    const image = findOwnImage(call, input.ImageId);
    const hadCooldown = image.deregistrationProtection === 'enabled-with-cooldown';
    image.deregistrationProtection = 'disabled';
    if (hadCooldown) image.protectedUntil = call.cloud.clock.now() + cooldownMs;
    call.cloud.images.put(image);
    return { return: hadCooldown ? 'disabled-after-cooldown' : 'disabled' };
  }),

  // EC2 user guide, "Disable an AMI": sharing ends, and stays ended when it is enabled again.
  DisableImage: action(imageInput, (call, input) => {
    const image = findOwnImage(call, input.ImageId);
    image.disabled = true;
    image.permissions = { everyone: false, accounts: [] };
    call.cloud.images.put(image);
    return { return: true };
  }),
  EnableImage: action(imageInput, (call, input) => {
    const image = findOwnImage(call, input.ImageId);
    if (image.disabled !== true) throw incorrectState(`The image ${image.id} is not disabled.`);
    image.disabled = false;
    call.cloud.images.put(image);
    return { return: true };
  }),
};

/** API reference, DescribeImages: "Recently deregistered images appear in the returned results for a short interval". */
export function listDeregistered(cloud: Cloud, image: ImageRecord, forMs: number): void {
  if (cloud.images.get(image.region, image.id) !== undefined || forMs === 0) return;
  const ghostUntil = Math.round(cloud.clock.now() + forMs);
  const ended: ImageRecord = { ...image, deregistered: true };
  cloud.ghosts.add('image', { ...ended, ghostUntil });
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

function isProtected(cloud: Cloud, image: ImageRecord): boolean {
  const { deregistrationProtection: protection, protectedUntil } = image;
  if (protection === 'enabled' || protection === 'enabled-with-cooldown') return true;
  return protectedUntil !== undefined && protectedUntil > cloud.clock.now();
}

/** A snapshot of several images is skipped (DeregisterImage: DeleteAssociatedSnapshots). */
function deleteSnapshotsOf(call: Call, image: ImageRecord): XmlFields[] {
  return snapshotIdsOf(image).map((snapshotId) => {
    const snapshot = call.cloud.snapshots.get(call.region, snapshotId);
    if (snapshot === undefined) return { snapshotId, returnCode: 'client-error' };
    if (imagesUsing(call, snapshotId).length > 0) return { snapshotId, returnCode: 'skipped' };
    if (snapshot.ownerId !== call.cloud.accountId) {
      return { snapshotId, returnCode: 'missing-permissions' };
    }
    deleteSnapshot(call.cloud, snapshot);
    return { snapshotId, returnCode: 'success' };
  });
}

/** EC2 API reference, EnableImageDeprecation: DeprecateAt; rounded to the minute. */
function checkDeprecation(call: Call, image: ImageRecord, at: Date): string {
  const now = call.cloud.clock.now();
  if (at.getTime() < now) {
    throw invalidValue(
      `Value (${at.toISOString()}) for parameter deprecateAt is invalid. It is in the past.`,
    );
  }
  const latest = isPublic(image)
    ? yearsAfter(image.createdAt, publicYearsMax)
    : yearsAfter(now, yearsMax);
  if (at.getTime() > latest) {
    throw invalidValue(
      `Value (${at.toISOString()}) for parameter deprecateAt is invalid. The latest is ${new Date(latest).toISOString()}.`,
    );
  }
  const minuteMs = 60_000;
  return new Date(Math.round(at.getTime() / minuteMs) * minuteMs).toISOString();
}

function yearsAfter(time: number, years: number): number {
  const date = new Date(time);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date.getTime();
}

/** Public images are deprecated two years after their creation unless told otherwise (EC2 user guide, "Deprecate an AMI"). */
export function defaultDeprecation(image: ImageRecord): string {
  return new Date(yearsAfter(image.createdAt, publicYearsMax)).toISOString();
}
