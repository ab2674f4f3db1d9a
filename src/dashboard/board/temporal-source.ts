/** The dashboard's view of Temporal: the runs of a deployment and their overviews. */

import { readOverview } from '../../client/overview.js';
import { listPublications } from '../../client/publications.js';
import type { Session } from '../../client/session.js';
import { createStatusCache } from '../../client/status.js';
import { workflowIdOf } from '../../model/ids/workflow-ids.js';
import type { BoardSource } from './reading.js';

/** The history of an image and the AMIs of a compose are found among these. */
const RUNS_MAX = 1_000;

const OF_BOTH = 'WorkflowType IN ("compose", "publishImage")';

export function temporalSource(session: Session): BoardSource {
  const cache = createStatusCache();
  return {
    list: (which) =>
      which === 'open'
        ? listPublications(session, `ExecutionStatus = "Running" AND ${OF_BOTH}`)
        : listPublications(session, OF_BOTH, RUNS_MAX),
    read: (run) => readOverview(session, run, cache),
    workflowIdOf: (id) => workflowIdOf(session.deployment, id),
  };
}
