/** Cancels a publication: what is not yet public is removed by its own workflow. */

import type { Publication } from './publications.js';
import { describePublication, resolvePublication } from './publications.js';
import type { Session } from './session.js';

export interface Cancelled {
  readonly publication: Publication;
  /** False when the run was closed already: nothing was done. */
  readonly requested: boolean;
}

/** A compose passes the request on to its images. Safe to repeat; throws `ClientError`. */
export async function cancelPublication(session: Session, id: string): Promise<Cancelled> {
  const publication = await resolvePublication(session, id);
  if (publication.execution !== 'RUNNING') return { publication, requested: false };
  const { workflowId, runId } = publication;
  await session.access.call((client) => client.workflow.getHandle(workflowId, runId).cancel());
  return { publication: await describePublication(session, workflowId, runId), requested: true };
}
