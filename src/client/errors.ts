/** What can go wrong between a client and Temporal, in the words of whoever typed the command. */

import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';

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
    'Is Temporal running? Start one with `fedimg dev`, or set TEMPORAL_ADDRESS (HOST:PORT).',
    cause,
  );
}

function adviceOn(details: string): string {
  return /search attribute/i.test(details)
    ? 'Start a worker once (`fedimg worker`): it says which search attributes the namespace lacks.'
    : 'Run it again with --verbose for all that is known.';
}
