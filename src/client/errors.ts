/** What can go wrong between a client and Temporal, worded for the user of a command. */

import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { createCommand, wantedAttributes } from '../search-attributes.js';

export type ClientErrorKind =
  'configuration' | 'conflict' | 'credentials' | 'not-found' | 'refused' | 'unreachable';

/** A call that failed, with what the user can do next. */
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

/** Whether Temporal does not know the run, or does not know it any more. */
export function isMissing(error: unknown): boolean {
  return error instanceof ClientError && error.kind === 'not-found';
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

/** Temporal's answer as a `ClientError`; other errors are returned unchanged. */
export function clientErrorOf(error: unknown, address: string): unknown {
  if (error instanceof ClientError) return error;
  const details = grpcDetailsOf(error);
  if (error instanceof WorkflowNotFoundError) return notFound(address, details, error);
  const namespace = missingNamespace(error, details);
  if (namespace !== undefined) {
    return new ClientError(
      'configuration',
      `Temporal at ${address} has no namespace ${namespace}`,
      'Set TEMPORAL_NAMESPACE, or create the namespace: temporal operator namespace create --namespace NAME.',
      error,
    );
  }
  switch (grpcCodeOf(error)) {
    // A passed deadline: the server answers CANCELLED, the client DEADLINE_EXCEEDED.
    case CANCELLED:
    case UNAVAILABLE:
    case DEADLINE_EXCEEDED:
      return unreachable(address, details, error);
    case UNAUTHENTICATED:
    case PERMISSION_DENIED:
      return refusedCredentials(address, details, error);
    case NOT_FOUND:
      return notFound(address, details, error);
    case INVALID_ARGUMENT:
      return new ClientError(
        'refused',
        `Temporal refuses the request: ${details}`,
        adviceOn(details),
        error,
      );
    default:
      return error;
  }
}

function missingNamespace(error: unknown, details: string): string | undefined {
  if (error instanceof NamespaceNotFoundError) return error.namespace;
  return grpcCodeOf(error) === NOT_FOUND
    ? /^Namespace (\S+) (?:is )?not found/i.exec(details)?.[1]
    : undefined;
}

export function refusedCredentials(address: string, details: string, cause?: unknown): ClientError {
  return new ClientError(
    'credentials',
    `Temporal at ${address} refuses these credentials: ${details}`,
    'Check TEMPORAL_API_KEY, the TEMPORAL_TLS_* variables and TEMPORAL_NAMESPACE.',
    cause,
  );
}

function notFound(address: string, details: string, cause: unknown): ClientError {
  return new ClientError(
    'not-found',
    `Temporal at ${address} does not know this: ${details}`,
    'List the known publications with `fedimg status`.',
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

/** With TEMPORAL_ADDRESS, `fedimg dev` starts no server: its worker works for the server of that address. */
function adviceAt(address: string): string {
  return LOCAL_ADDRESS.test(address)
    ? 'Start a server with `fedimg dev` (in a shell without TEMPORAL_ADDRESS), or set TEMPORAL_ADDRESS to yours (HOST:PORT).'
    : 'Check TEMPORAL_ADDRESS (HOST:PORT), or the address in the profile, and whether that server is running.';
}

function adviceOn(details: string): string {
  if (!/search attribute/i.test(details)) return 'Run it again with --verbose for all details.';
  const names = Object.keys(wantedAttributes);
  return `Create those that the namespace lacks: ${createCommand('NAMESPACE', names)}`;
}
