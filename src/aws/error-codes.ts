/** The error codes of AWS's services and of the SDK, by what they mean for fedimg. */

export const THROTTLED: ReadonlySet<string> = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'EC2ThrottledException',
  // EBS direct APIs reference, "Common error types".
  'ConcurrentLimitExceededException',
  'SnapshotCreationPerVolumeRateExceeded',
  'PriorRequestNotComplete',
]);

export const NOT_YET: ReadonlySet<string> = new Set([
  'IncorrectState',
  'IncorrectInstanceState',
  'InvalidAMIID.Unavailable',
  'InvalidSnapshot.InUse',
  'VolumeInUse',
  'ConcurrentSnapshotLimitExceeded',
  'PendingSnapshotLimitExceeded',
  // StartSnapshot: 100 pending snapshots, of which one completes soon.
  'ServiceQuotaExceededException',
  // A new account has vCPUs for two instances: those of other images end soon.
  'VcpuLimitExceeded',
  'InstanceLimitExceeded',
  'InvocationDoesNotExist',
  'InvalidInstanceId',
]);

export const CAPACITY: ReadonlySet<string> = new Set([
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

export const LOST: ReadonlySet<string> = new Set([
  'IdempotentInstanceTerminated',
  // The instance of this token is gone, and another version of the worker asked for a different one.
  'IdempotentParameterMismatch',
  'InvalidInstanceID.NotFound',
  'InvalidVolume.NotFound',
]);

/** Their text names the parameter (EC2 user guide, troubleshooting-launch). */
export const ABOUT_A_PARAMETER: ReadonlySet<string> = new Set([
  'InvalidParameterValue',
  'InvalidParameterCombination',
]);

/** Ids from the configuration: waiting does not make them exist. */
export const CONFIGURED_NOT_FOUND: ReadonlySet<string> = new Set([
  'InvalidSubnetID.NotFound',
  'InvalidSubnet.NotFound',
  'InvalidGroup.NotFound',
  'InvalidSecurityGroupID.NotFound',
  'InvalidKeyPair.NotFound',
]);

/** What AWS's services and the SDK answer to keys that are wrong, expired or missing. */
export const CREDENTIALS: ReadonlySet<string> = new Set([
  'AuthFailure',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'InvalidToken',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'TokenRefreshRequired',
  'UnrecognizedClient',
  'UnrecognizedClientException',
]);

/** A policy forbids the call to these credentials, which AWS has accepted. */
export const PERMISSION: ReadonlySet<string> = new Set([
  'UnauthorizedOperation',
  'AccessDenied',
  'AccessDeniedException',
  // SSM and Service Quotas API reference, "Common Error Types".
  'NotAuthorized',
]);

/** AWS compares the time of a request with its own. */
export const BY_THE_CLOCK: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

export const UNREACHABLE: ReadonlySet<string> = new Set([
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServiceError',
  'RequestAbortedException',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'Unavailable',
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
