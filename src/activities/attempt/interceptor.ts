/** What stands around every attempt of an activity: its lease, and the one kind of failure that it ends in. */

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
import { classifyAwsError } from '../../aws/errors.js';
import type { FailureDetails, ServiceErrorType } from '../../model/errors.js';
import {
  EC2_SERVICE_EXCEPTION,
  EC2_TEST_EXCEPTION,
  EC2_UTILITY_EXCEPTION,
  isFinal,
  ServiceError,
} from '../../model/errors.js';
import { LAST_CALL_MS } from '../../model/progress/heartbeat.js';
import { printable } from '../../model/printable.js';
import { BrokerError } from '../../messaging/errors.js';
import { SourceError } from '../../fetch/errors.js';
import type { CopyToRegionInput, UndoRegionInput } from '../activities.js';
import type { Fence } from './fence.js';
import { holding } from './fence.js';
import type { AttemptKey } from './lease.js';

/** The specification's word for what goes wrong in each activity; all others are the service's. */
const TYPE_BY_ACTIVITY: Readonly<Record<string, ServiceErrorType>> = {
  launchUtilityInstance: EC2_UTILITY_EXCEPTION,
  writeImage: EC2_UTILITY_EXCEPTION,
  snapshotVolume: EC2_UTILITY_EXCEPTION,
  launchTestInstance: EC2_TEST_EXCEPTION,
  runTest: EC2_TEST_EXCEPTION,
};

/** Nobody reads more, and a failure is in history several times. */
const MESSAGE_CHARS_MAX = 4_000;

/** Asked again at once these only make it worse. */
const THROTTLED_RETRY_MS = 10_000;

/** The next worker may be there already; the retry's own interval may have grown to minutes. */
const HANDED_OVER_RETRY_MS = 100;

export interface AttemptSettings {
  /** Undefined where nothing else can be at the same work, as in a test of one activity. */
  readonly fence?: Fence;
  /** `timing.scale`. */
  readonly scale: number;
}

/** Around each attempt: its lease, and its failure in the words that workflows and people read. */
export class AttemptInterceptor implements ActivityInboundCallsInterceptor {
  readonly #context: Context;
  readonly #settings: AttemptSettings;

  constructor(context: Context, settings: AttemptSettings) {
    this.#context = context;
    this.#settings = settings;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const { fence } = this.#settings;
    const { startToCloseTimeoutMs } = this.#context.info;
    const lastsMs = startToCloseTimeoutMs - LAST_CALL_MS * this.#settings.scale;
    const lease = fence?.lease(attemptOf(this.#context), lastsMs);
    try {
      return await (lease === undefined ? next(input) : holding(lease, () => next(input)));
    } catch (error) {
      if (this.#context.cancellationSignal.aborted) {
        if (this.#context.cancellationDetails?.workerShutdown === true) throw handedOver();
        // Rejects with the reason, whatever error the aborted call ended in.
        await this.#context.cancelled;
      }
      // The reason, again, and not the aborted call's own error.
      const reason: unknown = lease?.signal.aborted === true ? lease.signal.reason : error;
      throw toFailure(reason, {
        stepType: TYPE_BY_ACTIVITY[this.#context.info.activityType],
        region: regionOf(input.args[0]),
        scale: this.#settings.scale,
      });
    } finally {
      if (lease !== undefined) fence?.release(lease);
    }
  }
}

function attemptOf({ info }: Context): AttemptKey {
  const { workflowExecution, activityId, attempt } = info;
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  return { workflowId, runId, activityId, attempt };
}

/** Of an activity that works in one region: not every error says where. */
function regionOf(input: unknown): string | undefined {
  const { regionName, regionPlan } = (input ?? {}) as Partial<
    Pick<UndoRegionInput, 'regionName'> & Pick<CopyToRegionInput, 'regionPlan'>
  >;
  return regionName ?? regionPlan?.regionName;
}

/** An ApplicationFailure with a type of the specification, a class, and the operator's next act. */
export function toFailure(
  error: unknown,
  {
    stepType = EC2_SERVICE_EXCEPTION,
    region,
    scale = 1,
  }: {
    readonly stepType?: ServiceErrorType | undefined;
    /** Where the attempt was at work; an error that names another one knows better. */
    readonly region?: string | undefined;
    readonly scale?: number;
  } = {},
): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const { type, message, details } = describe(error, stepType);
  const failure = {
    type,
    // Guests, servers and AWS have their say in it; it goes to logs, pages and terminals.
    message: printable(printable(message).slice(0, MESSAGE_CHARS_MAX)),
    details: [printableDetails({ ...(region === undefined ? {} : { region }), ...details })],
    nonRetryable: isFinal(details.class),
    ...(details.class === 'throttled' ? { nextRetryDelay: THROTTLED_RETRY_MS * scale } : {}),
    ...(details.class === 'not-yet' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(error instanceof Error ? { cause: error } : {}),
  };
  return ApplicationFailure.create(failure);
}

function printableDetails(details: FailureDetails): FailureDetails {
  const shown = Object.entries(details).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? printable(value) : value,
  ]);
  return Object.fromEntries(shown) as FailureDetails;
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
  if (error instanceof BrokerError) {
    const { fault, next, isFinal: final } = error;
    const details: FailureDetails = {
      code: `broker-${fault}`,
      next,
      class: final ? 'refused' : 'unreachable',
    };
    return { type: stepType, message: error.message, details };
  }
  const aws = classifyAwsError(error);
  if (aws !== undefined) {
    const { message, ...details } = aws;
    return { type: stepType, message, details };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const next = 'This is a mistake in fedimg: report it with the stack trace; it is tried again.';
  return { type: stepType, message, details: { code: 'internal', class: 'unreachable', next } };
}
