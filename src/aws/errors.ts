/** Puts every AWS error into one of six classes. */

import type { FailureClass } from '../model/errors.js';
import { regionOfError } from './error-region.js';

export interface AwsFailure {
  readonly code: string;
  readonly class: FailureClass;
  readonly message: string;
  readonly next: string;
  readonly region?: string;
}

const THROTTLED = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'EC2ThrottledException',
  'SnapshotCreationPerVolumeRateExceeded',
  'PriorRequestNotComplete',
]);

const NOT_YET = new Set([
  'IncorrectState',
  'IncorrectInstanceState',
  'InvalidAMIID.Unavailable',
  'InvalidSnapshot.InUse',
  'VolumeInUse',
  'ConcurrentSnapshotLimitExceeded',
  'PendingSnapshotLimitExceeded',
  'InvocationDoesNotExist',
  'InvalidInstanceId',
]);

const CAPACITY = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientReservedInstanceCapacity',
  'InsufficientVolumeCapacity',
  'InsufficientCapacity',
  'Unsupported',
  'UnsupportedOperation',
  'InvalidInstanceType',
  'SpotMaxPriceTooLow',
]);

const LOST = new Set([
  'IdempotentInstanceTerminated',
  // The instance of this token is gone, and another version of the worker asked for a different one.
  'IdempotentParameterMismatch',
  'InvalidInstanceID.NotFound',
  'InvalidVolume.NotFound',
]);

/** Ids from the configuration: waiting does not make them exist. */
const CONFIGURED_NOT_FOUND = new Set([
  'InvalidSubnetID.NotFound',
  'InvalidSubnet.NotFound',
  'InvalidGroup.NotFound',
  'InvalidSecurityGroupID.NotFound',
  'InvalidKeyPair.NotFound',
]);

const UNREACHABLE = new Set([
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServiceError',
  'ServiceUnavailable',
  'Unavailable',
  'RequestExpired',
  // A role's credentials are fetched again, so an expired or missing answer is not final.
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'PendingVerification',
  'TimeoutError',
  'NetworkingError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const NEXT_BY_CODE: Readonly<Record<string, string>> = {
  UnauthorizedOperation: 'Give the worker role this permission; see the policy in docs/aws.md.',
  AccessDenied: 'Give the worker role this permission; see the policy in docs/aws.md.',
  AccessDeniedException: 'Give the worker role this permission; see the policy in docs/aws.md.',
  AuthFailure:
    'Check the credentials of the worker, and that the region is enabled in the account.',
  InvalidClientTokenId: 'Check the credentials of the worker.',
  SignatureDoesNotMatch: 'Check the credentials of the worker and its clock.',
  CredentialsProviderError:
    'Give the worker AWS credentials: the SDK found none in its default chain.',
  OptInRequired: 'Enable the region in the account, or exclude it in publish.exclude_regions.',
  OperationNotPermitted:
    'Public access is blocked in this region: unblock it, or exclude the region.',
  ResourceLimitExceeded: 'Ask AWS for a higher quota in this region, or remove old public AMIs.',
  VcpuLimitExceeded: 'Ask AWS for a higher vCPU quota, or name a smaller instance type.',
  VolumeLimitExceeded: 'Ask AWS for a higher volume quota.',
  'InvalidAMIName.Duplicate':
    'Another run made an AMI of this name: deregister it, or change publish.image_name.',
};

interface AwsLikeError extends Error {
  readonly $fault?: 'client' | 'server';
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly code?: string;
  readonly Code?: string;
}

/** AWS's code of the error, or Node's code of a connection error; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, code, Code, $metadata } = error as AwsLikeError;
  // The SDK adds its metadata to connection errors, too; Node's code is more exact than the name.
  if (code !== undefined && UNREACHABLE.has(code)) return code;
  if ($metadata !== undefined) return Code ?? name;
  return code ?? (name === 'Error' ? undefined : name);
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = errorCode(error);
  return code !== undefined && codes.includes(code);
}

/** The class of an error of the SDK; undefined for any other error. */
export function classifyAwsError(error: unknown): AwsFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = errorCode(error);
  const metadata = (error as AwsLikeError).$metadata;
  const known = code !== undefined && isKnown(code);
  if (code === undefined || (metadata === undefined && !known)) return undefined;
  const failureClass = classOf(code, error);
  const regionName = regionOfError(error);
  return {
    code,
    class: failureClass,
    message: `${code}: ${error.message}`,
    next: NEXT_BY_CODE[code] ?? nextOf(failureClass),
    ...(regionName === undefined ? {} : { region: regionName }),
  };
}

function isKnown(code: string): boolean {
  return [THROTTLED, NOT_YET, CAPACITY, LOST, UNREACHABLE].some((codes) => codes.has(code));
}

function classOf(code: string, error: Error): FailureClass {
  if (THROTTLED.has(code)) return 'throttled';
  if (CAPACITY.has(code)) return 'capacity';
  if (NOT_YET.has(code)) return 'not-yet';
  if (LOST.has(code)) return 'lost';
  if (UNREACHABLE.has(code)) return 'unreachable';
  // The region lacks this instance type; it may have the next one of the list.
  if (code === 'InvalidParameterValue' && /instance ?type/i.test(error.message)) return 'capacity';
  // A new instance profile reaches EC2 only after a while.
  if (code === 'InvalidParameterValue' && /iamInstanceProfile/i.test(error.message)) {
    return 'not-yet';
  }
  if (CONFIGURED_NOT_FOUND.has(code)) return 'refused';
  if (code.endsWith('.NotFound')) return 'not-yet';
  const { $metadata, $fault } = error as AwsLikeError;
  const status = $metadata?.httpStatusCode;
  // Only an answer of AWS is a refusal; a broken or missing answer is not.
  const isRefusal = status === undefined ? $fault === 'client' : status >= 400 && status < 500;
  return isRefusal ? 'refused' : 'unreachable';
}

function nextOf(failureClass: FailureClass): string {
  switch (failureClass) {
    case 'throttled':
    case 'not-yet':
    case 'unreachable':
      return 'The call is tried again; you need not do anything.';
    case 'capacity':
      return 'Name further instance types or zones in the configuration.';
    case 'lost':
      return 'The worker launches a new instance; if this repeats, look at the instance in the EC2 console.';
    case 'refused':
      return 'Read the message of AWS: this account or region does not allow the call.';
  }
}
