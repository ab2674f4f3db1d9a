/** One look at the deployment's runs in Temporal: what is open, what closed lately, what came last. */

import type { Publication } from '../client/publications.js';
import { listPublications, quoted } from '../client/publications.js';
import type { Session } from '../client/session.js';
import { COMPOSE_WORKFLOW, phaseAttribute, PUBLISH_IMAGE_WORKFLOW } from '../contract.js';

export interface DeploymentState {
  readonly open: readonly Publication[];
  /** Of each image and compose the newest run, where that closed within `RECENT_MS`. */
  readonly recent: readonly Publication[];
  /** Published images of composes, the last closed one first. */
  readonly published: readonly Publication[];
  /** When the newest compose run began, in ms since 1970. */
  readonly announcedMs: number | undefined;
}

/** A worker that was down for a night still notifies of what failed meanwhile. Below the shortest retention of a namespace. */
export const RECENT_MS = 24 * 3_600_000;

/** Far more than a day has. */
const RECENT_MAX = 2_000;
/** The store lists the last closed runs first; images by hand may be among them. */
const PUBLISHED_MAX = 300;
const COMPOSES_MAX = 100;

/** Rejects when Temporal does not answer. */
export async function readDeployment(session: Session, nowMs: number): Promise<DeploymentState> {
  const types = `WorkflowType IN (${[COMPOSE_WORKFLOW, PUBLISH_IMAGE_WORKFLOW].map(quoted).join(', ')})`;
  const since = new Date(nowMs - RECENT_MS).toISOString();
  const images = `WorkflowType = ${quoted(PUBLISH_IMAGE_WORKFLOW)}`;
  const phases = ['published', 'partly-published'].map(quoted).join(', ');
  const [open, closed, published, composes] = await Promise.all([
    listPublications(session, `${types} AND ExecutionStatus = "Running"`, RECENT_MAX),
    listPublications(session, `${types} AND CloseTime > ${quoted(since)}`, RECENT_MAX),
    listPublications(
      session,
      `${images} AND ${phaseAttribute.name} IN (${phases}) AND ExecutionStatus = "Completed"`,
      PUBLISHED_MAX,
    ),
    listPublications(session, `WorkflowType = ${quoted(COMPOSE_WORKFLOW)}`, COMPOSES_MAX),
  ]);
  const [newest] = composes;
  return {
    open,
    recent: newestRuns([...open, ...closed]).filter(({ closedAt }) => closedAt !== null),
    published: published.filter(({ child }) => child).toSorted((a, b) => closedMs(b) - closedMs(a)),
    announcedMs: newest === undefined ? undefined : Date.parse(newest.startedAt),
  };
}

export function closedMs({ closedAt }: Publication): number {
  return Date.parse(closedAt ?? '');
}

/** An image that failed and is published again meanwhile is not a failed one. */
function newestRuns(runs: readonly Publication[]): Publication[] {
  const newest = new Map<string, Publication>();
  for (const run of runs) {
    const known = newest.get(run.workflowId);
    if (known === undefined || known.startedAt < run.startedAt) newest.set(run.workflowId, run);
  }
  return [...newest.values()];
}
