/** Which version of fedimg a worker is, for Temporal's Worker Deployment Versioning; and which versions get new runs. */

import { isGrpcServiceError } from '@temporalio/client';
import type { NamespaceConnection } from './search-attributes.js';

/** In Temporal's words: the name of the worker deployment, and the id of this build in it. */
export interface WorkerVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/** A version in the environment that Temporal would refuse. */
export class WorkerVersionError extends Error {
  override readonly name = 'WorkerVersionError';
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.next = next;
  }
}

/** Temporal writes a version as NAME.BUILD or NAME:BUILD, so a name has neither sign. */
const NAME_FORM = /^(?!__)[^.:\s]{1,200}$/;
const BUILD_FORM = /^(?!__)[^:\s]{1,200}$/;

/**
 * FEDIMG_BUILD_ID, else the variable of Temporal's Worker Controller. Undefined without either: the worker then takes
 * all runs. `deployment` is fedimg's, and the name where TEMPORAL_DEPLOYMENT_NAME gives none. Throws `WorkerVersionError`.
 */
export function workerVersion(
  env: NodeJS.ProcessEnv,
  deployment: string,
): WorkerVersion | undefined {
  const buildId = env['FEDIMG_BUILD_ID'] || env['TEMPORAL_WORKER_BUILD_ID'];
  const name = env['TEMPORAL_DEPLOYMENT_NAME'];
  if (!buildId) {
    if (!name) return undefined;
    throw new WorkerVersionError(
      `TEMPORAL_DEPLOYMENT_NAME is ${name}, but the worker has no build id`,
      'Set FEDIMG_BUILD_ID to the version of this installation, such as 0.1.0, or remove TEMPORAL_DEPLOYMENT_NAME.',
    );
  }
  const deploymentName = name || deployment;
  if (!NAME_FORM.test(deploymentName)) {
    throw new WorkerVersionError(
      `${deploymentName} cannot be the name of a worker deployment: Temporal allows neither "." nor ":" in it`,
      'Set TEMPORAL_DEPLOYMENT_NAME to another name, such as fedimg-staging.',
    );
  }
  if (!BUILD_FORM.test(buildId)) {
    throw new WorkerVersionError(
      `${buildId} cannot be a build id: Temporal allows neither ":" nor spaces in it`,
      'Set FEDIMG_BUILD_ID to a version such as 0.1.0 or 0.1.0-a1b2c3d.',
    );
  }
  return { deploymentName, buildId };
}

const CALL_TIMEOUT_MS = 10_000;
/** gRPC: the server knows no worker of this deployment, or is too old to have versions. */
const UNSURE_CODES = [5, 12];

/** The build ids that get new runs: the current one and the ramping one. Undefined when the server does not know. */
export async function buildsForNewRuns(
  connection: Pick<NamespaceConnection, 'workflowService' | 'withDeadline'>,
  namespace: string,
  deploymentName: string,
): Promise<readonly string[] | undefined> {
  try {
    const { workerDeploymentInfo } = await connection.withDeadline(
      Date.now() + CALL_TIMEOUT_MS,
      () => connection.workflowService.describeWorkerDeployment({ namespace, deploymentName }),
    );
    const { currentDeploymentVersion: current, rampingDeploymentVersion: ramping } =
      workerDeploymentInfo?.routingConfig ?? {};
    return [current?.buildId, ramping?.buildId].flatMap((id) => id || []);
  } catch (error) {
    if (isGrpcServiceError(error) && UNSURE_CODES.includes(Number(error.code))) return undefined;
    throw error;
  }
}

/** The command that gives new runs to this version. */
export function setCurrentCommand({ deploymentName, buildId }: WorkerVersion): string {
  return `temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
}
