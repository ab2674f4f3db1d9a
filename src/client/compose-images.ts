/** The runs that publish a compose's images. */

import { imagesBeginning } from '../model/ids/workflow-ids.js';
import type { ComposeProgress } from '../model/progress/progress.js';
import type { Publication } from './publications.js';
import { listPublications, quoted } from './publications.js';
import type { Session } from './session.js';

interface ImageRun {
  readonly workflowId: string;
  readonly runId?: string;
}

/** The list of the compose itself; without a worker, that of Temporal's visibility store. */
export async function imagesOfCompose(
  session: Session,
  compose: Publication,
  progress: ComposeProgress | null,
): Promise<ImageRun[]> {
  if (progress !== null) return progress.images.map(({ workflowId }) => ({ workflowId }));
  if (compose.compose === null) return [];
  const beginning = imagesBeginning(session.deployment, compose.compose);
  const query = `WorkflowId STARTS_WITH ${quoted(beginning)}`;
  return newestRuns(await listPublications(session, query)).filter(({ child }) => child);
}

/** The newest run of each workflow id; `runs` is sorted newest first. */
export function newestRuns(runs: readonly Publication[]): Publication[] {
  const seen = new Set<string>();
  return runs.filter(({ workflowId }) => !seen.has(workflowId) && seen.add(workflowId));
}
