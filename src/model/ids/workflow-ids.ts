/** Builds and reads every workflow id. */

import type { Arch } from './variant.js';

export interface ImageId {
  readonly composeId: string;
  readonly subvariant: string;
  readonly arch: Arch;
}

/** Takes the place of the subvariant for an image that is published by hand. */
export const BY_HAND = 'by-hand';

export function composeWorkflowId(composeId: string): string {
  return `compose/${composeId}`;
}

export function imageWorkflowId(image: ImageId): string {
  return `image/${image.composeId}/${image.subvariant}/${image.arch}`;
}

/** The workflow id that a user means by a compose id, an image id, or a workflow id itself. */
export function workflowIdOf(id: string): string {
  if (id.startsWith('compose/') || id.startsWith('image/')) return id;
  return id.includes('/') ? `image/${id}` : composeWorkflowId(id);
}

/** Of the schedule's sweeps; Temporal appends the time of each run. */
export function sweepWorkflowId(deployment: string): string {
  return `sweep/${deployment}`;
}

/** Of a sweep by hand; Temporal runs at most one of each kind at a time. */
export function handSweepWorkflowId(deployment: string, dryRun: boolean): string {
  return `sweep/${deployment}/${dryRun ? 'dry-run' : BY_HAND}`;
}

export function sweepScheduleId(deployment: string): string {
  return `fedimg-sweep-${deployment}`;
}
