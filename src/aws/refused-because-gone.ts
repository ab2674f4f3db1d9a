/** A refused removal of a resource that no longer exists. */

import { awaitState } from './await-state.js';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';
import type { SharedPoll } from './shared-poll.js';

/**
 * Whether EC2 refused the removal only because the resource is gone. A policy that allows it by tag does not allow it on
 * what has no tags any more: EC2 answers UnauthorizedOperation in place of "not found" (seen in
 * aws/karpenter-provider-aws issue 2100). Waits for the visibility window where EC2 does not list the resource.
 */
export async function isRefusedBecauseGone<T>(
  ec2: RegionAccess,
  error: unknown,
  resource: { readonly poll: SharedPoll<T>; readonly id: string },
  signal: AbortSignal,
): Promise<boolean> {
  if (!isCode(error, 'UnauthorizedOperation')) return false;
  return awaitState<T, boolean>(ec2, resource, { done: () => false, missing: () => true }, signal);
}
