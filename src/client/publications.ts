/** Finds the composes and images of a deployment: all recent ones, or the one that a user means. */

import type { WorkflowExecutionInfo, WorkflowExecutionStatusName } from '@temporalio/client';
import {
  architectureAttribute,
  COMPOSE_WORKFLOW,
  composeAttribute,
  imageAttribute,
  phaseAttribute,
  PUBLISH_IMAGE_WORKFLOW,
} from '../contract.js';
import {
  deploymentOf,
  idBeginnings,
  isOfDeployment,
  partsOfWorkflowId,
  workflowIdOf,
} from '../model/ids/workflow-ids.js';
import { attributeNote, isUsable } from './attributes.js';
import { ClientError } from './errors.js';
import type { RunRef, Session } from './session.js';
import { linkTo } from './session.js';

export type PublicationKind = 'compose' | 'image';

/** One run, as Temporal's visibility store lists it. */
export interface Publication extends RunRef {
  readonly kind: PublicationKind;
  readonly execution: WorkflowExecutionStatusName;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly compose: string | null;
  readonly image: string | null;
  readonly arch: string | null;
  /** The current step, or the outcome. */
  readonly phase: string | null;
  /** True for an image of a compose, false for one that was published by hand. */
  readonly child: boolean;
  readonly link: string | null;
}

export const LATEST = '@latest';
/**
 * How many runs are read to find the newest ones. The store lists open runs and those that closed last
 * first, so this finds the newest without reading the runs of a year.
 */
const LOOKED_AT_MAX = 500;
/** For one page of the list. */
const PAGE_TIMEOUT_MS = 30_000;

/** A quoted value of a visibility query. */
export function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** All runs of the deployment that a visibility query selects, or the first `limit` of them, newest start first. */
export async function listPublications(
  session: Session,
  query: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<Publication[]> {
  const { client, call } = session.access;
  const own = `${ofDeployment(session.deployment)} AND (${query})`;
  const runs = client.workflow.list({ query: own, pageSize: 200 })[Symbol.asyncIterator]();
  const found: Publication[] = [];
  while (found.length < limit) {
    // A deadline for each page: one for the whole list would limit its length.
    const next = await call(() => runs.next(), PAGE_TIMEOUT_MS);
    if (next.done === true) break;
    found.push(publicationOf(session, next.value));
  }
  return found.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Workflow ids name the deployment, so that it needs no search attribute. */
function ofDeployment(deployment: string): string {
  const conditions = idBeginnings(deployment).map(
    (beginning) => `WorkflowId STARTS_WITH ${quoted(beginning)}`,
  );
  return `(${conditions.join(' OR ')})`;
}

/** Composes and images that were published by hand, newest first. */
export async function recentPublications(session: Session, limit: number): Promise<Publication[]> {
  const types = [COMPOSE_WORKFLOW, PUBLISH_IMAGE_WORKFLOW].map(quoted).join(', ');
  const all = await listPublications(session, `WorkflowType IN (${types})`, LOOKED_AT_MAX);
  return all.filter(({ child }) => !child).slice(0, limit);
}

/** The newest run of `id`: `@latest`, a compose, an image, a workflow id or an image's name. */
export async function resolvePublication(session: Session, id: string): Promise<Publication> {
  if (id === LATEST) {
    const [latest] = await recentPublications(session, 1);
    if (latest !== undefined) return latest;
    throw new ClientError(
      'not-found',
      `The Temporal server at ${session.access.address} has no publications of deployment ${session.deployment} yet`,
      'Publish something: `fedimg compose signal FILE`, or `fedimg publish URL --arch ARCH`.',
    );
  }
  const { address } = session.access;
  const workflowId = ownWorkflowId(session, id);
  const byId = await describePublication(session, workflowId).catch((error: unknown) => {
    if (error instanceof ClientError && error.kind === 'not-found') return undefined;
    throw error;
  });
  if (byId !== undefined) return byId;
  if (!(await isUsable(session.access, imageAttribute))) throw await notFoundByName(session, id);
  const query = `${imageAttribute.name} = ${quoted(id)} AND WorkflowType = ${quoted(PUBLISH_IMAGE_WORKFLOW)}`;
  const [byName] = await listPublications(session, query);
  if (byName !== undefined) return byName;
  throw new ClientError(
    'not-found',
    `The Temporal server at ${address} has no compose or image ${id} of deployment ${session.deployment}`,
    'List all with `fedimg status`; @latest is the newest one.',
  );
}

/** Only the attribute finds an image of a compose by its name. */
async function notFoundByName({ access }: Session, id: string): Promise<ClientError> {
  const note = await attributeNote(access);
  return new ClientError(
    'not-found',
    `There is no run ${id}, and images cannot be found by their names: ${note?.message ?? ''}`,
    `List all runs with \`fedimg status\` and give an id from there. ${note?.next ?? ''}`,
  );
}

/** Throws a `ClientError` for the whole id of another deployment. */
function ownWorkflowId({ deployment }: Session, id: string): string {
  const workflowId = workflowIdOf(deployment, id);
  if (isOfDeployment(deployment, workflowId)) return workflowId;
  throw new ClientError(
    'not-found',
    `${id} belongs to deployment ${deploymentOf(workflowId)}; this configuration is of deployment ${deployment}`,
    'Name the configuration of that deployment with --config or FEDIMG_CONFIG.',
  );
}

/** The newest run of a workflow id, or the named run; throws a `ClientError` when it does not exist. */
export async function describePublication(
  session: Session,
  workflowId: string,
  runId?: string,
): Promise<Publication> {
  const description = await session.access.call((client) =>
    client.workflow.getHandle(workflowId, runId).describe(),
  );
  return publicationOf(session, description);
}

type ListedRun = Omit<WorkflowExecutionInfo, 'raw'>;

export function publicationOf(session: Session, run: ListedRun): Publication {
  const attributes = run.typedSearchAttributes;
  // A namespace may lack an attribute.
  const parts = partsOfWorkflowId(run.workflowId);
  return {
    kind: run.type === COMPOSE_WORKFLOW ? 'compose' : 'image',
    workflowId: run.workflowId,
    runId: run.runId,
    execution: run.status.name,
    startedAt: run.startTime.toISOString(),
    closedAt: run.closeTime?.toISOString() ?? null,
    compose: attributes.get(composeAttribute) ?? parts.composeId,
    image: attributes.get(imageAttribute) ?? null,
    arch: attributes.get(architectureAttribute) ?? parts.arch,
    phase: attributes.get(phaseAttribute) ?? null,
    child: Boolean(run.parentExecution?.workflowId),
    link: linkTo(session, run),
  };
}
