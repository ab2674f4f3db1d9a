/** Cancels a publication; its own workflow then removes what is not yet public. */

import type { Publication } from './publications.js';
import { describePublication, resolvePublication } from './publications.js';
import type { Session } from './session.js';

export interface Cancelled {
  readonly publication: Publication;
  /** False when the run was closed already, so that no request was sent. */
  readonly requested: boolean;
}

/** Sends the request; a compose passes it on to its images. Safe to repeat. Throws `ClientError`. */
export async function cancelPublication(session: Session, id: string): Promise<Cancelled> {
  const publication = await resolvePublication(session, id);
  if (publication.execution !== 'RUNNING') return { publication, requested: false };
  const { workflowId, runId } = publication;
  await session.access.call((client) => client.workflow.getHandle(workflowId, runId).cancel());
  return { publication: await describePublication(session, workflowId, runId), requested: true };
}
