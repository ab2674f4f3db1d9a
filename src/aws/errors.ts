/** Puts every AWS error into one of seven classes. */

import type { FailureClass } from '../model/errors.js';
import { ProxyError } from '../proxy/proxy-error.js';
import type { CredentialSource } from './credential-source.js';
import { credentialsAdvice } from './credential-source.js';
import type { ErrorOrigin } from './error-origin.js';
import { originOf } from './error-origin.js';
import {
  THROTTLED,
  NOT_YET,
  CAPACITY,
  LOST,
  ABOUT_A_PARAMETER,
  CONFIGURED_NOT_FOUND,
  CREDENTIALS,
  PERMISSION,
  BY_THE_CLOCK,
  UNREACHABLE,
} from './error-codes.js';
import { withoutEncodedPart } from './encoded-part.js';

export interface AwsFailure {
  readonly code: string;
  readonly class: FailureClass;
  readonly message: string;
  readonly next: string;
  readonly region?: string;
}

const NEXT_BY_CODE: Readonly<Record<string, string>> = {
  AuthFailure: 'Another account owns this resource: name one that this account may use.',
  OptInRequired: 'Enable the region in the account, or exclude it in publish.exclude_regions.',
  OperationNotPermitted:
    'Public access is blocked in this region: unblock it, or exclude the region.',
  ResourceLimitExceeded: 'Ask AWS for a higher quota in this region, or remove old public AMIs.',
  VcpuLimitExceeded:
    'The launch waits until other instances have ended. To publish more images at once, ask AWS for a higher vCPU quota (`fedimg doctor` prints the command), or name a smaller instance type.',
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
  if (error instanceof ProxyError) return proxyFailure(error);
  const code = errorCode(error);
  const metadata = (error as AwsLikeError).$metadata;
  const known = code !== undefined && isKnown(code);
  if (code === undefined || (metadata === undefined && !known)) return undefined;
  const origin = originOf(error);
  const failureClass = classOf(code, error);
  return {
    code,
    class: failureClass,
    message: messageOf(code, error, origin),
    next: nextOf(code, failureClass, error, origin),
    ...(origin === undefined ? {} : { region: origin.region }),
  };
}

/** Tried again like an outage: the proxy may come back, and a restarted worker may know another one. */
function proxyFailure(error: ProxyError): AwsFailure {
  const origin = originOf(error);
  return {
    code: 'proxy',
    class: 'unreachable',
    message: error.message,
    next: error.next,
    ...(origin === undefined ? {} : { region: origin.region }),
  };
}

/** Whether a policy forbids the call: the credentials are accepted, and lack a permission. */
export function isPermissionRefusal({ code }: Pick<AwsFailure, 'code'>): boolean {
  return PERMISSION.has(code);
}

function isKnown(code: string): boolean {
  return [THROTTLED, NOT_YET, CAPACITY, LOST, UNREACHABLE, CREDENTIALS].some((codes) =>
    codes.has(code),
  );
}

/** A refusal by a policy names the call and the region; EC2's own text often names neither. */
function messageOf(code: string, error: Error, origin: ErrorOrigin | undefined): string {
  const text = withoutEncodedPart(error.message);
  if (!PERMISSION.has(code) || origin === undefined) return `${code}: ${text}`;
  return `${code}: ${deniedAction(error, origin)} in ${origin.region}: ${text}`;
}

/** The action that AWS names: a call may need further permissions, such as that for tags. */
function deniedAction({ message }: Error, origin: ErrorOrigin | undefined): string {
  const [, named] = /not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)/.exec(message) ?? [];
  return named ?? origin?.action ?? 'this call';
}

/**
 * EC2 also answers AuthFailure when the account may not use another account's resource (EC2 API reference, error
 * codes); its text then is "Not authorized for image:ami-...". New keys do not change that.
 */
function isCredentialsCode(code: string, { message }: Error): boolean {
  return (
    CREDENTIALS.has(code) && !(code === 'AuthFailure' && /^not authorized for /i.test(message))
  );
}

function classOf(code: string, error: Error): FailureClass {
  if (THROTTLED.has(code)) return 'throttled';
  if (CAPACITY.has(code)) return 'capacity';
  if (NOT_YET.has(code)) return 'not-yet';
  if (LOST.has(code)) return 'lost';
  if (UNREACHABLE.has(code)) return 'unreachable';
  if (isCredentialsCode(code, error)) return 'credentials';
  // The region, the AMI or the account (free tier) refuses this instance type; the next one of the list may suit.
  if (ABOUT_A_PARAMETER.has(code) && /instance ?type/i.test(error.message)) return 'capacity';
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

function nextOf(
  code: string,
  failureClass: FailureClass,
  error: Error,
  origin: ErrorOrigin | undefined,
): string {
  if (failureClass === 'credentials') return credentialsNext(code, origin);
  if (PERMISSION.has(code)) return permissionNext(error, origin);
  return NEXT_BY_CODE[code] ?? NEXT_BY_CLASS[failureClass];
}

function credentialsNext(code: string, origin: ErrorOrigin | undefined): string {
  const clock = BY_THE_CLOCK.has(code) ? ' Check the clock of this machine, too.' : '';
  // EC2 gives the same answer in a region that is not enabled.
  const region =
    code === 'AuthFailure' && origin !== undefined
      ? ` If only ${origin.region} refuses them, enable that region in the account.`
      : '';
  return `${credentialsAdvice(sourceAt(code, origin))}${clock}${region}`;
}

function sourceAt(code: string, origin: ErrorOrigin | undefined): CredentialSource {
  if (origin !== undefined) return origin.credentials;
  return code === 'CredentialsProviderError' ? 'missing' : 'unknown';
}

function permissionNext(error: Error, origin: ErrorOrigin | undefined): string {
  // IAM user guide, "Troubleshoot access denied error messages": so it names a policy of the organisation.
  if (/explicit deny in a service control policy/.test(error.message))
    return DENIED_BY_ORGANISATION;
  const where = origin === undefined ? '' : ` in ${origin.region}`;
  return `Allow ${deniedAction(error, origin)}${where}: docs/iam.md has the policy, and \`aws sts get-caller-identity\` shows whose policy it is. If that policy allows it, look for a permissions boundary or a policy of the organisation.`;
}

const DENIED_BY_ORGANISATION =
  'A service control policy of the organisation denies it, and no policy of this account can allow it. If it demands tags, set them in [tags] of the configuration; else ask its administrators.';

const RETRIED = 'The call is tried again; you need not do anything.';

const NEXT_BY_CLASS: Readonly<Record<Exclude<FailureClass, 'credentials'>, string>> = {
  throttled: RETRIED,
  'not-yet': RETRIED,
  unreachable: RETRIED,
  capacity: 'Name further instance types or zones in the configuration.',
  lost: 'The worker launches a new instance; if this repeats, look at the instance in the EC2 console.',
  refused: 'Read the message of AWS: this account or region does not allow the call.',
};
