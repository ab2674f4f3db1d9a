/** The three errors of the specification, and the details of every failure. */

export const EC2_SERVICE_EXCEPTION = 'EC2ServiceException';
export const EC2_UTILITY_EXCEPTION = 'EC2UtilityException';
export const EC2_TEST_EXCEPTION = 'EC2TestException';

export type ServiceErrorType =
  typeof EC2_SERVICE_EXCEPTION | typeof EC2_UTILITY_EXCEPTION | typeof EC2_TEST_EXCEPTION;

/** The utility and the test error are kinds of EC2ServiceException. */
export function isServiceErrorType(type: string | null | undefined): type is ServiceErrorType {
  return (
    type === EC2_SERVICE_EXCEPTION || type === EC2_UTILITY_EXCEPTION || type === EC2_TEST_EXCEPTION
  );
}

/** `credentials`: AWS refuses or cannot check the caller's keys, which an operator or AWS replaces. */
export type FailureClass =
  'throttled' | 'not-yet' | 'capacity' | 'credentials' | 'refused' | 'lost' | 'unreachable';

/** Whether another attempt would fail in the same way. */
export function isFinal(failureClass: FailureClass): boolean {
  return failureClass === 'refused' || failureClass === 'lost' || failureClass === 'capacity';
}

/** Whether `next` asks the operator to act: the failure does not end by itself. */
export function needsOperator(failureClass: FailureClass): boolean {
  return isFinal(failureClass) || failureClass === 'credentials';
}

/** First detail of every ApplicationFailure that fedimg throws. */
export interface FailureDetails {
  /** A stable word for the cause, such as `checksum-mismatch`, for scripts (`fedimg status -o json`). */
  readonly code: string;
  readonly class: FailureClass;
  /** The operator's next act. */
  readonly next: string;
  readonly region?: string;
  readonly resource?: string;
  /** Output of the test script, or of a failed command. */
  readonly output?: string;
  readonly exitStatus?: number;
}

/** The code of a region that was not complete within its patience. */
export const REGION_LATE = 'region-late';

/** Codes of failures that a change of the configuration mends; most come from the plan, before anything is made. */
const CONFIGURATION_CODES: readonly string[] = [
  ...['ami-name', 'home-region', 'no-variant-to-test', 'test-script-size', 'user-data-size'],
  ...['utility-ami', 'URL_REFUSED'],
  ...['InvalidGroup.NotFound', 'InvalidKeyPair.NotFound', 'InvalidSecurityGroupID.NotFound'],
  ...['InvalidSubnet.NotFound', 'InvalidSubnetID.NotFound'],
];

/** The heading of such a failure: EC2 has done its part. History keeps the type of the specification. */
export const CONFIGURATION_ERROR = 'ConfigurationError';

export function isConfigurationCode(code: string): boolean {
  return CONFIGURATION_CODES.includes(code);
}

/** Thrown by inner code; one interceptor turns it into an ApplicationFailure. */
export class ServiceError extends Error {
  override readonly name: ServiceErrorType;
  readonly details: FailureDetails;

  constructor(
    type: ServiceErrorType,
    message: string,
    details: FailureDetails,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = type;
    this.details = details;
  }
}
