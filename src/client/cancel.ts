/** Cancels a publication; its own workflow then removes what is not yet public. */

import type { OperatorInput } from '../contract.js';
import { cancelNoteSignal } from '../contract.js';
import { imagesOfCompose } from './compose-images.js';
import { ClientError } from './errors.js';
import type { Publication } from './publications.js';
import { describePublication, resolvePublication } from './publications.js';
import type { Session } from './session.js';

export interface Cancelled {
  readonly publication: Publication;
  /** False when the run was closed already, so that no request was sent. */
  readonly requested: boolean;
}

/** Sends the request; a compose passes it on to its images. Safe to repeat. Throws `ClientError`. */
export async function cancelPublication(
  session: Session,
  id: string,
  operator: OperatorInput,
): Promise<Cancelled> {
  const publication = await resolvePublication(session, id);
  if (publication.execution !== 'RUNNING') return { publication, requested: false };
  const { workflowId, runId } = publication;
  await noteCancel(session, publication, operator);
  await session.access.call((client) => client.workflow.getHandle(workflowId, runId).cancel());
  return { publication: await describePublication(session, workflowId, runId), requested: true };
}

/** Who cancels and why, in the history of each image. Temporal takes the signals without a worker, as it takes the cancel. */
async function noteCancel(
  session: Session,
  publication: Publication,
  operator: OperatorInput,
): Promise<void> {
  const images =
    publication.kind === 'image'
      ? [publication]
      : await imagesOfCompose(session, publication, null);
  const { call } = session.access;
  await Promise.all(
    images.map(async ({ workflowId }) => {
      try {
        await call((client) =>
          client.workflow.getHandle(workflowId).signal(cancelNoteSignal, operator),
        );
      } catch (error) {
        // Closed meanwhile, or not started yet.
        if (!(error instanceof ClientError) || error.kind !== 'not-found') throw error;
      }
    }),
  );
}
