/** Errors as fields of a log line: what failed, why, and the chain of causes. */

import { inspect } from 'node:util';

/** Deeper chains repeat themselves. */
const CAUSES_MAX = 6;

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly cause?: LoggedError;
  readonly stack?: string;
}

/** Replaces each error among the fields by what JSON can write. */
export function errorFields(
  fields: Record<string, unknown>,
  options: { readonly withStack: boolean },
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? loggedError(value, options) : value,
    ]),
  );
}

function loggedError(
  error: Error,
  { withStack }: { readonly withStack: boolean },
  depth = 0,
): LoggedError {
  const { name, message, stack, cause } = error;
  const { type, code } = error as Error & { readonly type?: unknown; readonly code?: unknown };
  return {
    // Temporal's failures have the type of the original error beside their own name.
    type: typeof type === 'string' && type !== '' ? type : name,
    message: message === '' ? inspect(error, { depth: 0 }).split('\n', 1).join('') : message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause === undefined || cause === null || depth >= CAUSES_MAX
      ? {}
      : { cause: causeOf(cause, withStack, depth) }),
    ...(withStack && stack !== undefined ? { stack } : {}),
  };
}

function causeOf(cause: unknown, withStack: boolean, depth: number): LoggedError {
  if (cause instanceof Error) return loggedError(cause, { withStack }, depth + 1);
  return { type: typeof cause, message: typeof cause === 'string' ? cause : inspect(cause) };
}
