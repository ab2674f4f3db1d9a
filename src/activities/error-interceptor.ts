/** Turns whatever an activity throws into the one kind of failure that workflows and people read. */

import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  Next,
} from '@temporalio/worker';
import type { Context } from '@temporalio/activity';
import {
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
} from '@temporalio/common';
import { classifyAwsError } from '../aws/errors.js';
import type { FailureClass, FailureDetails, ServiceErrorType } from '../model/errors.js';
import {
  EC2_SERVICE_EXCEPTION,
  EC2_TEST_EXCEPTION,
  EC2_UTILITY_EXCEPTION,
  ServiceError,
} from '../model/errors.js';
import { SourceError } from '../source/errors.js';

/** The specification's word for what goes wrong in each activity; all others are the service's. */
const TYPE_BY_ACTIVITY: Readonly<Record<string, ServiceErrorType>> = {
  launchUtilityInstance: EC2_UTILITY_EXCEPTION,
  writeImage: EC2_UTILITY_EXCEPTION,
  snapshotVolume: EC2_UTILITY_EXCEPTION,
  launchTestInstance: EC2_TEST_EXCEPTION,
  runTest: EC2_TEST_EXCEPTION,
};

/** Asked again at once these only make it worse. */
const THROTTLED_RETRY_MS = 10_000;

/** The next worker may be there already; the retry's own interval may have grown to minutes. */
const HANDED_OVER_RETRY_MS = 100;

export class ErrorInterceptor implements ActivityInboundCallsInterceptor {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      if (this.#context.cancellationSignal.aborted) {
        if (this.#context.cancellationDetails?.workerShutdown === true) throw handedOver();
        // Rejects with the reason, whatever error the aborted call ended in.
        await this.#context.cancelled;
      }
      throw toFailure(error, TYPE_BY_ACTIVITY[this.#context.info.activityType]);
    }
  }
}

/** An ApplicationFailure with a type of the specification, a class, and the operator's next act. */
export function toFailure(
  error: unknown,
  stepType: ServiceErrorType = EC2_SERVICE_EXCEPTION,
): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const { type, message, details } = describe(error, stepType);
  const failure = {
    type,
    message,
    details: [details],
    nonRetryable: isFinal(details.class),
    ...(details.class === 'throttled' ? { nextRetryDelay: THROTTLED_RETRY_MS } : {}),
    ...(details.class === 'not-yet' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(error instanceof Error ? { cause: error } : {}),
  };
  return ApplicationFailure.create(failure);
}

/** A stop of the worker is nobody's cancel: the act is neither undone nor over. */
function handedOver(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WorkerShutdown',
    message: 'the worker is stopped: the next one goes on with this',
    nextRetryDelay: HANDED_OVER_RETRY_MS,
    category: ApplicationFailureCategory.BENIGN,
  });
}

function isFinal(failureClass: FailureClass): boolean {
  return failureClass === 'refused' || failureClass === 'lost' || failureClass === 'capacity';
}

function describe(
  error: unknown,
  stepType: ServiceErrorType,
): { type: ServiceErrorType; message: string; details: FailureDetails } {
  if (error instanceof ServiceError) {
    const type = error.name === EC2_SERVICE_EXCEPTION ? stepType : error.name;
    return { type, message: error.message, details: error.details };
  }
  if (error instanceof SourceError) {
    const { code, next, retryable } = error;
    const details: FailureDetails = { code, next, class: retryable ? 'unreachable' : 'refused' };
    return { type: stepType, message: error.message, details };
  }
  const aws = classifyAwsError(error);
  if (aws !== undefined) {
    const { code, next, class: failureClass, message } = aws;
    return { type: stepType, message, details: { code, next, class: failureClass } };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const next = 'This is a mistake in fedimg: report it with the stack trace; it is tried again.';
  return { type: stepType, message, details: { code: 'internal', class: 'unreachable', next } };
}
