/** Builds and reads every workflow id. A deployment other than the default puts its name before all of its ids. */

import { ARCHES } from '../compose/compose.js';
import { DEFAULT_DEPLOYMENT } from './installation.js';
import type { Arch } from './variant.js';

export interface ImageId {
  readonly composeId: string;
  readonly subvariant: string;
  readonly arch: Arch;
}

/** Takes the place of the subvariant for an image that is published by hand. */
export const BY_HAND = 'by-hand';

/** Workflow ids of the default deployment begin with these words, so no other deployment may have such a name. */
export const RESERVED_DEPLOYMENTS: readonly string[] = ['compose', 'image', 'sweep'];

const COMPOSE = 'compose/';
const IMAGE = 'image/';

/** Compose ids and image ids of another deployment; `a/compose/x86_64` is an image's short id. */
const OF_DEPLOYMENT = /^([^/]+)\/(?:compose\/([^/]+)|image\/[^/]+\/[^/]+\/[^/]+)$/;

export function composeWorkflowId(deployment: string, composeId: string): string {
  return `${prefixOf(deployment)}${COMPOSE}${composeId}`;
}

export function imageWorkflowId(deployment: string, image: ImageId): string {
  const { composeId, subvariant, arch } = image;
  return `${prefixOf(deployment)}${IMAGE}${composeId}/${subvariant}/${arch}`;
}

/** With which the ids of a compose's images begin. */
export function imagesBeginning(deployment: string, composeId: string): string {
  return `${prefixOf(deployment)}${IMAGE}${composeId}/`;
}

/**
 * The workflow id that a user of this deployment means by a compose id, an image id, or a workflow id itself. It is
 * another deployment's only when the user gives the whole id.
 */
export function workflowIdOf(deployment: string, id: string): string {
  const prefix = prefixOf(deployment);
  if (isOfDeployment(deployment, id)) return id;
  if (id.startsWith(COMPOSE) || id.startsWith(IMAGE)) return `${prefix}${id}`;
  if (deploymentOf(id) !== undefined) return id;
  return id.includes('/') ? `${prefix}${IMAGE}${id}` : composeWorkflowId(deployment, id);
}

/** The deployment of a compose's or an image's workflow id; undefined for every other text. */
export function deploymentOf(workflowId: string): string | undefined {
  if (workflowId.startsWith(COMPOSE) || workflowId.startsWith(IMAGE)) return DEFAULT_DEPLOYMENT;
  const [, deployment, composeId] = OF_DEPLOYMENT.exec(workflowId) ?? [];
  return ARCHES.some((arch) => arch === composeId) ? undefined : deployment;
}

/** Whether a workflow id is that of one of the deployment's composes and images. */
export function isOfDeployment(deployment: string, workflowId: string): boolean {
  return idBeginnings(deployment).some((beginning) => workflowId.startsWith(beginning));
}

/** The beginnings of the workflow ids of a deployment's composes and images. */
export function idBeginnings(deployment: string): readonly string[] {
  return [COMPOSE, IMAGE].map((kind) => `${prefixOf(deployment)}${kind}`);
}

/** What a user calls an image: `<compose>/<subvariant>/<arch>`; undefined for every other workflow id. */
export function imageOfWorkflow(workflowId: string): string | undefined {
  return /^(?:[^/]+\/)?image\/([^/]+\/[^/]+\/[^/]+)$/.exec(workflowId)?.[1];
}

/** The compose or the name of a file that a workflow id names, and an image's architecture. */
export function partsOfWorkflowId(workflowId: string): {
  readonly composeId: string | null;
  readonly arch: string | null;
} {
  const [composeId, , arch] = imageOfWorkflow(workflowId)?.split('/') ?? [];
  if (composeId !== undefined) return { composeId, arch: arch ?? null };
  return { composeId: composeIdOf(workflowId), arch: null };
}

/** What a user calls a compose: its workflow id without the deployment and the kind. */
export function composeIdOf(workflowId: string): string {
  return workflowId.replace(/^(?:(?!compose\/)[^/]+\/)?compose\//, '');
}

/** Of the schedule's sweeps; Temporal appends the time of each run. */
export function sweepWorkflowId(deployment: string): string {
  return `${prefixOf(deployment)}sweep`;
}

/** Of a sweep by hand; Temporal runs at most one of each kind at a time. */
export function handSweepWorkflowId(deployment: string, dryRun: boolean): string {
  return `${sweepWorkflowId(deployment)}/${dryRun ? 'dry-run' : BY_HAND}`;
}

/** Of a notification to people: Temporal accepts one run for a key, so each is delivered once. */
export function notifyWorkflowId(deployment: string, key: string): string {
  return `${prefixOf(deployment)}notify/${key}`;
}

export function sweepScheduleId(deployment: string): string {
  return `${prefixOf(deployment)}fedimg-sweep`;
}

function prefixOf(deployment: string): string {
  return deployment === DEFAULT_DEPLOYMENT ? '' : `${deployment}/`;
}
