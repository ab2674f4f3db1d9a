/** The failure of a run or an activity, for people and for scripts. */

import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import type { FailureDetails } from '../model/errors.js';
import { CONFIGURATION_ERROR, isConfigurationCode, isServiceErrorType } from '../model/errors.js';
import { redacted } from '../model/redact.js';
import type { FailureReport } from '../model/status/failure-report.js';

export type { FailureReport };

/** Unwraps Temporal's failures: the outermost failure of fedimg, with the first details below it. */
export function failureReport(failure: unknown): FailureReport {
  // A failure that Temporal itself or an older worker wrote may quote a request with its secrets.
  const shown = Object.entries(unwrapped(failure)).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? redacted(value) : value,
  ]);
  return Object.fromEntries(shown) as FailureReport;
}

function unwrapped(failure: unknown): FailureReport {
  const chain = causes(failure);
  const ours = chain.filter(
    (one): one is ApplicationFailure =>
      one instanceof ApplicationFailure && isServiceErrorType(one.type),
  );
  const [outermost] = ours;
  if (outermost === undefined) return foreignReport(chain, failure);
  const details = ours.map(({ details }) => details?.[0]).find(isFailureDetails);
  const isConfigured = details !== undefined && isConfigurationCode(details.code);
  return {
    type: isConfigured ? CONFIGURATION_ERROR : (outermost.type ?? outermost.name),
    message: outermost.message,
    ...(details === undefined ? {} : pick(details)),
  };
}

/** The progress that our workflows put beside the details of their failure. */
export function failureProgress(failure: unknown): unknown {
  for (const cause of causes(failure)) {
    if (cause instanceof ApplicationFailure && cause.details?.[1]) return cause.details[1];
  }
  return undefined;
}

function causes(failure: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = failure; cause instanceof Error; cause = cause.cause) chain.push(cause);
  return chain;
}

function foreignReport(chain: readonly Error[], failure: unknown): FailureReport {
  const terminated = chain.some((one) => one instanceof TerminatedFailure);
  if (terminated) {
    return {
      type: 'Terminated',
      message: `terminated: ${chain.at(-1)?.message ?? 'no reason given'}`,
      next: '`fedimg sweep --dry-run --verbose` lists what the run left and when the sweep removes it. Next time use `fedimg cancel`, which removes it at once.',
    };
  }
  if (chain.some((one) => one instanceof CancelledFailure)) {
    // A cancellation has no details: only a worker can answer what the undo has removed.
    const look = '`fedimg sweep --dry-run --verbose` lists what is left of the run';
    return { type: 'Cancelled', message: `cancelled; ${look}` };
  }
  // Below a time-out of all attempts is the failure of the last attempt.
  const innermost = chain.at(-1);
  if (innermost instanceof TimeoutFailure) {
    return { type: 'Timeout', message: timeoutText(innermost) };
  }
  return { type: innermost?.name ?? 'Error', message: innermost?.message ?? String(failure) };
}

/** When a worker dies, Temporal reports only which time-out passed. */
function timeoutText({ timeoutType, message }: TimeoutFailure): string {
  return timeoutType === 'HEARTBEAT'
    ? 'the worker of this activity stopped, or lost its connection to Temporal'
    : message;
}

function isFailureDetails(value: unknown): value is FailureDetails {
  return typeof value === 'object' && value !== null && 'code' in value && 'next' in value;
}

function pick(details: FailureDetails): Omit<FailureReport, 'type' | 'message'> {
  const { code, class: failureClass, next, region, exitStatus, output } = details;
  return {
    code,
    class: failureClass,
    next,
    ...(region === undefined ? {} : { region }),
    ...(exitStatus === undefined ? {} : { exitStatus }),
    ...(output === undefined ? {} : { output }),
  };
}
