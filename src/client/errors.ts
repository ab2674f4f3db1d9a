/** What can go wrong between a client and Temporal, in the words of whoever typed the command. */

import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../contract.js';

export type ClientErrorKind =
  'configuration' | 'conflict' | 'credentials' | 'not-found' | 'refused' | 'unreachable';

/** A call that Temporal did not do, with the next act of the user. */
export class ClientError extends Error {
  readonly kind: ClientErrorKind;
  readonly next: string;

  constructor(kind: ClientErrorKind, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClientError';
    this.kind = kind;
    this.next = next;
  }
}

/** gRPC status codes. */
const CANCELLED = 1;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** The gRPC error in `error` or below it: the SDK wraps some of them. */
export function grpcCodeOf(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
  }
  return undefined;
}

function grpcDetailsOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.details;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Temporal's answer as a `ClientError`; whatever is no answer of Temporal stays as it is. */
export function clientErrorOf(error: unknown, address: string): unknown {
  if (error instanceof ClientError) return error;
  const details = grpcDetailsOf(error);
  if (error instanceof WorkflowNotFoundError) return notFound(address, details, error);
  if (error instanceof NamespaceNotFoundError) {
    return new ClientError(
      'configuration',
      `Temporal at ${address} has no namespace ${error.namespace}`,
      'Set TEMPORAL_NAMESPACE, or make it: temporal operator namespace create --namespace NAME.',
      error,
    );
  }
  switch (grpcCodeOf(error)) {
    // Whoever notices the deadline first says so in its own way: the server cancels.
    case CANCELLED:
    case UNAVAILABLE:
    case DEADLINE_EXCEEDED:
      return unreachable(address, details, error);
    case UNAUTHENTICATED:
    case PERMISSION_DENIED:
      return new ClientError(
        'credentials',
        `Temporal at ${address} refuses these credentials: ${details}`,
        'Check TEMPORAL_API_KEY, the TEMPORAL_TLS_* variables and TEMPORAL_NAMESPACE.',
        error,
      );
    case NOT_FOUND:
      return notFound(address, details, error);
    case INVALID_ARGUMENT:
      return new ClientError(
        'refused',
        `Temporal refuses this: ${details}`,
        adviceOn(details),
        error,
      );
    default:
      return error;
  }
}

function notFound(address: string, details: string, cause: unknown): ClientError {
  return new ClientError(
    'not-found',
    `Temporal at ${address} does not know this: ${details}`,
    'List what it knows with `fedimg status`.',
    cause,
  );
}

export function unreachable(address: string, details: string, cause?: unknown): ClientError {
  return new ClientError(
    'unreachable',
    `No Temporal server answers at ${address}: ${details}`,
    adviceAt(address),
    cause,
  );
}

/** Of `fedimg dev` and `temporal server start-dev`; the SDK's own default is the second. */
const LOCAL_ADDRESS = /^(127\.0\.0\.1|localhost):7233$/;

/** With TEMPORAL_ADDRESS, `fedimg dev` starts no server: its worker takes up the work of the one that is named. */
function adviceAt(address: string): string {
  return LOCAL_ADDRESS.test(address)
    ? 'Is Temporal running? Start one with `fedimg dev` where TEMPORAL_ADDRESS is unset, or set that to yours (HOST:PORT).'
    : 'Check TEMPORAL_ADDRESS (HOST:PORT), or the address of the profile, and whether that server is up.';
}

function adviceOn(details: string): string {
  if (!/search attribute/i.test(details))
    return 'Run it again with --verbose for all that is known.';
  const flags = SEARCH_ATTRIBUTES.map(({ name, type }) => `--name ${name} --type ${type}`);
  return `Make those that the namespace lacks: temporal operator search-attribute create ${flags.join(' ')}`;
}
