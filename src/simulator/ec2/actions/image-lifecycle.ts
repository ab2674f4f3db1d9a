/** The end of an image: deregistration and its protection, deprecation, disabling. */

import { checkDeprecation } from '../lib/deprecation.js';
import { forgetImage } from '../lib/image-removal.js';
import { deleteSnapshot } from '../lib/snapshot-lifecycle.js';
import type { Cloud } from '../../cloud.js';
import { CloudError, incorrectState } from '../../errors.js';
import { flag, required, text, timestamp } from '../../input.js';
import type { ImageRecord } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { findOwnImage, imagesUsing, snapshotIdsOf } from '../lib/image-state.js';

/** EC2 user guide, "Protect an AMI from deregistration": the cooldown is 24 hours. */
const cooldownMs = 24 * 3600_000;

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
