/** The workflows that the worker registers, and whether a run changes to a new version of the code while it runs. */

import { setWorkflowOptions } from '@temporalio/workflow';
import { compose } from './compose.js';
import { notify } from './notify.js';
import { publishImage } from './publish-image.js';
import { sweep } from './sweep.js';

export { compose, notify, publishImage, sweep };

// Without effect at workers that have no build id.
// An image ends within hours, on the code that it began with: its workers run on until then.
setWorkflowOptions({ versioningBehavior: 'PINNED' }, publishImage);
// A compose waits for days, and a sweep or a notification must not wait for workers of an old version.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, compose);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, sweep);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, notify);
