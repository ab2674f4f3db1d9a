/** Every EC2 action that the local cloud has. */

import { accountActions } from './account.js';
import type { Action } from './action.js';
import { attachmentActions } from './attachments.js';
import { copyImageActions } from './copy-image.js';
import { copySnapshotActions } from './copy-snapshot.js';
import { describeImagesActions } from './describe-images.js';
import { imageAttributeActions } from './image-attributes.js';
import { imageLifecycleActions } from './image-lifecycle.js';
import { instanceAttributeActions } from './instance-attributes.js';
import { instanceStatusActions } from './instance-status.js';
import { instanceTypeActions } from './instance-types.js';
import { instanceActions } from './instances.js';
import { placeActions } from './places.js';
import { registerImageActions } from './register-image.js';
import { runInstancesActions } from './run-instances.js';
import { securityGroupActions } from './security-groups.js';
import { snapshotAttributeActions } from './snapshot-attributes.js';
import { snapshotActions } from './snapshots.js';
import { tagActions } from './tags.js';
import { volumeActions } from './volumes.js';

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
