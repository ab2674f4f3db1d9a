/** Wraps every attempt of an activity: gives it a lease, and turns its errors into one kind of failure. */

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
import { redacted, redactedError } from '../../model/redact.js';
import { BrokerError } from '../../messaging/errors.js';
import { NotifyError } from '../../notify/errors.js';
import { SourceError } from '../../fetch/errors.js';
import type { CopyToRegionInput } from '../shapes/region.js';
import type { RunTestInput } from '../shapes/test.js';
import type { UndoRegionInput } from '../shapes/removal.js';
import type { WriteImageInput } from '../shapes/image.js';
import type { Fence } from './fence.js';
import { holding } from './fence.js';
import { inRegion } from './heartbeat.js';
import type { AttemptKey } from './lease.js';
import { refuseOtherDeployment } from './own-deployment.js';

/** The specification's error type for each activity; EC2ServiceException for all others. */
const TYPE_BY_ACTIVITY: Readonly<Record<string, ServiceErrorType>> = {
  launchUtilityInstance: EC2_UTILITY_EXCEPTION,
  writeImage: EC2_UTILITY_EXCEPTION,
  writeDirect: EC2_UTILITY_EXCEPTION,
  snapshotVolume: EC2_UTILITY_EXCEPTION,
  launchTestInstance: EC2_TEST_EXCEPTION,
  runTest: EC2_TEST_EXCEPTION,
};

/** More is not readable, and history holds a failure several times. */
const MESSAGE_CHARS_MAX = 4_000;

/** An immediate retry would be throttled again. */
const THROTTLED_RETRY_MS = 10_000;

/** The next worker may already run, while the retry policy's own interval may have grown to minutes. */
const HANDED_OVER_RETRY_MS = 100;

export interface AttemptSettings {
  /** Undefined where a second attempt cannot exist, as in a test of one activity. */
  readonly fence?: Fence;
  /** `timing.scale`. */
  readonly scale: number;
  /** The worker's own; undefined where a test runs the work of any. */
  readonly deployment?: string;
}

/** Around each attempt: its lease, and its failure in the form that workflows and operators read. */
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
    const { startToCloseTimeoutMs, heartbeatTimeoutMs } = this.#context.info;
    const lastsMs = startToCloseTimeoutMs - LAST_CALL_MS * this.#settings.scale;
    const lease = fence?.lease(attemptOf(this.#context), lastsMs, heartbeatTimeoutMs);
    try {
      const { deployment } = this.#settings;
      const { workflowId = '' } = this.#context.info.workflowExecution ?? {};
      if (deployment !== undefined) refuseOtherDeployment(deployment, workflowId);
      const attempt = () => inRegion(placeOf(input.args[0]), () => next(input));
      return await (lease === undefined ? attempt() : holding(lease, attempt));
    } catch (error) {
      if (this.#context.cancellationSignal.aborted) {
        if (this.#context.cancellationDetails?.workerShutdown === true) throw handedOver();
        // Rejects with the reason of the cancellation instead of the aborted call's own error.
        await this.#context.cancelled;
      }
      // Also here: the reason instead of the aborted call's own error.
      const reason: unknown = lease?.signal.aborted === true ? lease.signal.reason : error;
      throw toFailure(reason, {
        stepType: TYPE_BY_ACTIVITY[this.#context.info.activityType],
        region: regionOf(input.args[0]),
        attempt: this.#context.info.attempt,
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

/** The region of an activity that works in one region; not every error names its region. */
export function regionOf(input: unknown): string | undefined {
  const { regionName, regionPlan } = (input ?? {}) as Partial<
    Pick<UndoRegionInput, 'regionName'> & Pick<CopyToRegionInput, 'regionPlan'>
  >;
  return regionName ?? regionPlan?.regionName;
}

/** Where the attempt works, also on an instance. */
function placeOf(input: unknown): string | undefined {
  const { utility, instance } = (input ?? {}) as Partial<
    Pick<WriteImageInput, 'utility'> & Pick<RunTestInput, 'instance'>
  >;
  return regionOf(input) ?? utility?.regionName ?? instance?.regionName;
}

/** An ApplicationFailure with a type of the specification, a class, and the operator's next act. */
export function toFailure(
  error: unknown,
  {
    stepType = EC2_SERVICE_EXCEPTION,
    region,
    attempt = 1,
    scale = 1,
  }: {
    readonly stepType?: ServiceErrorType | undefined;
    /** Where the attempt worked, unless the error itself names a region. */
    readonly region?: string | undefined;
    readonly attempt?: number;
    readonly scale?: number;
  } = {},
): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const { type, message, details } = describe(error, stepType);
  const failure = {
    type,
    // The message may hold text from guests, servers and AWS, and goes to history, logs, pages and terminals.
    message: printable(printable(redacted(message)).slice(0, MESSAGE_CHARS_MAX)),
    details: [publicDetails({ ...(region === undefined ? {} : { region }), ...details })],
    nonRetryable: isFinal(details.class),
    ...(details.class === 'throttled' ? { nextRetryDelay: THROTTLED_RETRY_MS * scale } : {}),
    ...(isQuiet(details, attempt) ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(error instanceof Error ? { cause: redactedError(error) } : {}),
  };
  return ApplicationFailure.create(failure);
}

/** Without a warning in the worker's log: refused credentials last for hours, and are the same in all regions. */
function isQuiet({ class: failureClass }: FailureDetails, attempt: number): boolean {
  return failureClass === 'not-yet' || (failureClass === 'credentials' && attempt > 1);
}

function publicDetails(details: FailureDetails): FailureDetails {
  const shown = Object.entries(details).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? printable(redacted(value)) : value,
  ]);
  return Object.fromEntries(shown) as FailureDetails;
}

/** The worker stops, which does not cancel the run: the next worker goes on with the activity. */
function handedOver(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WorkerShutdown',
    message: 'this worker stops; the next worker goes on with the activity',
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
  if (error instanceof NotifyError) {
    const { channel, fault, next, isFinal: final } = error;
    const failureClass = final ? 'refused' : 'unreachable';
    const details: FailureDetails = { code: `${channel}-${fault}`, next, class: failureClass };
    return { type: stepType, message: error.message, details };
  }
  const aws = classifyAwsError(error);
  if (aws !== undefined) {
    const { message, ...details } = aws;
    return { type: stepType, message, details };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const next =
    'This is a bug in fedimg: report it with the stack trace. The activity is tried again.';
  return { type: stepType, message, details: { code: 'internal', class: 'unreachable', next } };
}
