/** The workflows that the worker registers, and whether a run changes to a new version of the code while it runs. */

import type { VersioningBehavior, WorkflowDefinitionOptions } from '@temporalio/common';
import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { compose } from './compose.js';
import { notify } from './notify.js';
import { publishImage } from './publish-image.js';
import { sweep } from './sweep.js';

export { compose, notify, publishImage, sweep };

// An image ends within hours, on the code that it began with: its workers run on until then.
setWorkflowOptions(() => versioned('PINNED'), publishImage);
// A compose waits for days, and a sweep or a notification must not wait for workers of an old version.
setWorkflowOptions(() => versioned('AUTO_UPGRADE'), compose);
setWorkflowOptions(() => versioned('AUTO_UPGRADE'), sweep);
setWorkflowOptions(() => versioned('AUTO_UPGRADE'), notify);

/** Empty at a worker without a version, whose deployment has no name: Temporal refuses its tasks with a behavior. */
function versioned(versioningBehavior: VersioningBehavior): WorkflowDefinitionOptions {
  const { deploymentName } = workflowInfo().currentDeploymentVersion ?? {};
  return deploymentName ? { versioningBehavior } : {};
}
