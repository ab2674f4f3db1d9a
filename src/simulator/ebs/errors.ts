/** The errors of the EBS direct APIs: code, status and reason. */

import { CloudError } from '../errors.js';

/** EBS direct APIs reference, errors of each action. */
const statuses = {
  AccessDeniedException: 403,
  ConcurrentLimitExceededException: 400,
  ConflictException: 409,
  InternalServerException: 500,
  RequestThrottledException: 400,
  ResourceNotFoundException: 404,
  ServiceQuotaExceededException: 402,
  ValidationException: 400,
} as const;
type EbsCode = keyof typeof statuses;

/** The values of `Reason` that this cloud gives. */
type Reason =
  | 'ACCOUNT_THROTTLED'
  | 'DEPENDENCY_SERVICE_QUOTA_EXCEEDED'
  | 'INVALID_BLOCK'
  | 'INVALID_BLOCK_TOKEN'
  | 'INVALID_CONTENT_ENCODING'
  | 'INVALID_CUSTOMER_KEY'
  | 'INVALID_PAGE_TOKEN'
  | 'INVALID_PARAMETER_VALUE'
  | 'INVALID_SNAPSHOT_ID'
  | 'INVALID_TAG'
  | 'INVALID_VOLUME_SIZE'
  | 'SNAPSHOT_NOT_FOUND'
  | 'UNAUTHORIZED_ACCOUNT'
  | 'UNRELATED_SNAPSHOTS';

export class EbsError extends CloudError {
  readonly reason: Reason | undefined;

  constructor(code: EbsCode, message: string, reason?: Reason) {
    super(code, message, statuses[code]);
    this.reason = reason;
  }
}

export function invalid(reason: Reason, message: string): EbsError {
  return new EbsError('ValidationException', message, reason);
}

/** Of errors that no action has thrown: the protocol's, a throttle's, a fault rule's. */
const usualReasons: Readonly<Record<string, Reason>> = {
  AccessDeniedException: 'UNAUTHORIZED_ACCOUNT',
  RequestThrottledException: 'ACCOUNT_THROTTLED',
  ServiceQuotaExceededException: 'DEPENDENCY_SERVICE_QUOTA_EXCEEDED',
  ValidationException: 'INVALID_PARAMETER_VALUE',
};

/** The model's ErrorMessage has at most 256 characters. */
const messageLengthMax = 256;

export function ebsErrorBody(error: CloudError): { Message: string; Reason?: Reason | undefined } {
  const own = error instanceof EbsError ? error.reason : undefined;
  return {
    Message: error.message.slice(0, messageLengthMax),
    Reason: own ?? usualReasons[error.code],
  };
}
