/** Every EC2 action that the local cloud has. */

import { accountActions } from './actions/account.js';
import type { Action } from './lib/action.js';
import { attachmentActions } from './actions/attachments.js';
import { copyImageActions } from './actions/copy-image.js';
import { copySnapshotActions } from './actions/copy-snapshot.js';
import { describeImagesActions } from './actions/describe-images.js';
import { imageAttributeActions } from './actions/image-attributes.js';
import { imageLifecycleActions } from './actions/image-lifecycle.js';
import { instanceAttributeActions } from './actions/instance-attributes.js';
import { instanceStatusActions } from './actions/instance-status.js';
import { instanceTypeActions } from './actions/instance-types.js';
import { instanceActions } from './actions/instances.js';
import { placeActions } from './actions/places.js';
import { registerImageActions } from './actions/register-image.js';
import { runInstancesActions } from './actions/run-instances.js';
import { securityGroupActions } from './actions/security-groups.js';
import { snapshotAttributeActions } from './actions/snapshot-attributes.js';
import { snapshotActions } from './actions/snapshots.js';
import { tagActions } from './actions/tags.js';
import { volumeActions } from './actions/volumes.js';

export const ec2Actions: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    ...accountActions,
    ...attachmentActions,
    ...copyImageActions,
    ...copySnapshotActions,
    ...describeImagesActions,
    ...imageAttributeActions,
    ...imageLifecycleActions,
    ...instanceActions,
    ...instanceAttributeActions,
    ...instanceStatusActions,
    ...instanceTypeActions,
    ...placeActions,
    ...registerImageActions,
    ...runInstancesActions,
    ...securityGroupActions,
    ...snapshotActions,
    ...snapshotAttributeActions,
    ...tagActions,
    ...volumeActions,
  }),
);
