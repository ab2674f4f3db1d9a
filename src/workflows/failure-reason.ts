/** Reads a caught failure: its reason for people, and its class for the code that decides how to go on. */

import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  TemporalFailure,
} from '@temporalio/workflow';
import type { FailureDetails, ServiceErrorType } from '../model/errors.js';
import { isServiceErrorType, REGION_LATE } from '../model/errors.js';

/** The failure that fedimg itself threw, inside Temporal's wrappers. */
export function serviceFailure(
  failure: unknown,
): (ApplicationFailure & { type: ServiceErrorType }) | undefined {
  for (let cause = failure; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && isServiceErrorType(cause.type)) {
      return cause as ApplicationFailure & { type: ServiceErrorType };
    }
  }
  return undefined;
}

export function failureDetails(failure: unknown): FailureDetails | undefined {
  return serviceFailure(failure)?.details?.[0] as FailureDetails | undefined;
}

/** Whether the run was cancelled. Temporal does not retry an attempt that fails after the request to cancel. */
export function isCancelled(failure: unknown): boolean {
  if (failure instanceof ActivityFailure && failure.retryState === 'CANCEL_REQUESTED') return true;
  return isCancellation(failure) && serviceFailure(failure) === undefined;
}

/** One line: the innermost message, which names what was wanted and what was got. */
export function failureReason(failure: unknown): string {
  if (isCancelled(failure)) return 'cancelled';
  const service = serviceFailure(failure);
  if (service !== undefined) return service.message;
  let reason = failure instanceof Error ? failure.message : String(failure);
  for (let cause = failure; cause instanceof TemporalFailure && cause.cause; cause = cause.cause) {
    reason = cause.cause.message;
  }
  return reason;
}

/** The region was not complete within its patience. */
export function isLate(failure: unknown): boolean {
  return failureDetails(failure)?.code === REGION_LATE;
}

/** EC2 lost the instance or its volume: a new one may work. */
export function isLost(failure: unknown): boolean {
  return failureDetails(failure)?.class === 'lost';
}
