/** What every client call needs: the connection, the deployment, and the address of the Temporal UI for links. */

import type { RunRef } from '../model/ids/run-ref.js';
import type { TemporalAccess } from './connection.js';
import { workflowUrl } from './ui-link.js';

export interface Session {
  readonly access: TemporalAccess;
  /** Undefined when the address of the UI is unknown. */
  readonly uiUrl: string | undefined;
  /** Clients see only the composes and images of this deployment. */
  readonly deployment: string;
}

export type { RunRef };

/** The run's page in the Temporal UI, or null. */
export function linkTo({ access, uiUrl }: Session, { workflowId, runId }: RunRef): string | null {
  if (uiUrl === undefined) return null;
  return workflowUrl(uiUrl, { namespace: access.namespace, workflowId, runId });
}
