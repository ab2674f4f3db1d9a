/** Reads from Temporal which installation this worker belongs to. */

import type { NativeConnection } from '@temporalio/worker';
import type { Installation } from '../model/ids/installation.js';

const CALL_TIMEOUT_MS = 10_000;

/** gRPC: this server does not answer the question, or not to this caller. */
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;

/** Rejects when the server does not answer: a worker that guesses would take another installation for its own. */
export async function readInstallation(
  connection: NativeConnection,
  { namespace, deployment }: Omit<Installation, 'cluster'>,
): Promise<Installation> {
  const cluster = await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
    clusterOf(connection, namespace),
  );
  return { cluster, namespace, deployment };
}

/**
 * A service for many customers may keep the cluster's id to itself. The id of the namespace serves, too: each server
 * makes a new one for each namespace.
 */
async function clusterOf(
  { workflowService }: NativeConnection,
  namespace: string,
): Promise<string> {
  try {
    const { clusterId } = await workflowService.getClusterInfo({});
    if (clusterId) return clusterId;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== PERMISSION_DENIED && code !== UNIMPLEMENTED) throw error;
  }
  const { namespaceInfo } = await workflowService.describeNamespace({ namespace });
  if (!namespaceInfo?.id)
    throw new TypeError(`Temporal reports no id of the namespace ${namespace}`);
  return namespaceInfo.id;
}
