/** Refuses work of another deployment: its workers may have another account, and other limits. */

import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import { deploymentOf } from '../../model/ids/workflow-ids.js';

/** Throws for the workflow id of another deployment's compose or image. The attempt is repeated, so its own worker gets it. */
export function refuseOtherDeployment(deployment: string, workflowId: string): void {
  const named = deploymentOf(workflowId);
  if (named === undefined || named === deployment) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `a worker of deployment ${deployment} received work of ${workflowId}, which belongs to deployment ${named}`,
    {
      code: 'other-deployment',
      class: 'unreachable',
      next: 'Give each deployment a task queue of its own (worker.task_queue), and start a worker of that deployment.',
    },
  );
}
