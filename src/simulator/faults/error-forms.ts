/** Errors that fault rules answer with, as far as several services have them alike. */

/** What a rule may replace in part: a code, its HTTP status, its message. */
export type ErrorForm = readonly [code: string, status: number, message: string];

export interface FaultedCall {
  readonly action: string;
  readonly instanceType: string;
  /** The zone that the rule names. */
  readonly zone: string | undefined;
}

/** EC2 API reference, error codes: InsufficientInstanceCapacity, InsufficientVolumeCapacity. */
export function insufficientCapacity({ action, instanceType, zone }: FaultedCall): ErrorForm {
  return action === 'CreateVolume'
    ? [
        'InsufficientVolumeCapacity',
        500,
        'There is not enough capacity to fulfill your EBS volume provision request.',
      ]
    : [
        'InsufficientInstanceCapacity',
        500,
        `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested${zone === undefined ? '' : ` (${zone})`}. Our system will be working on provisioning additional capacity.`,
      ];
}

export function quotaExceeded(code = 'ResourceLimitExceeded'): ErrorForm {
  return [code, 400, 'You have exceeded an Amazon EC2 resource limit.'];
}

/** Throttling and failures as all services but EC2 name them. */
export const commonForms = {
  throttle: (): ErrorForm => ['ThrottlingException', 400, 'Rate exceeded'],
  error: (): ErrorForm => ['InternalServerError', 500, 'An internal error has occurred'],
  capacity: insufficientCapacity,
  quota: (): ErrorForm => quotaExceeded(),
} as const;

/** The answer of `refusal`, for all services but EC2. */
export function accessDenied(service: string, action: string): ErrorForm {
  const message = `User is not authorized to perform: ${service}:${action}`;
  return ['AccessDeniedException', 400, message];
}
