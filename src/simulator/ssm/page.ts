/** Pages of a listing: opaque tokens, and AWS's error for a token that it did not give. */

import { CloudError } from '../errors.js';

export interface Page<T> {
  readonly items: T[];
  /** Absent on the last page. */
  readonly nextToken: string | undefined;
}

/** `kind` makes the token valid for one action only. */
export function pageOf<T>(
  kind: string,
  all: readonly T[],
  maxResults: number,
  token: string | undefined,
): Page<T> {
  const start = token === undefined || token === '' ? 0 : startOf(kind, token);
  const end = start + maxResults;
  const nextToken =
    end < all.length ? Buffer.from(`${kind}:${end}`).toString('base64url') : undefined;
  return { items: all.slice(start, end), nextToken };
}

function startOf(kind: string, token: string): number {
  const [tokenKind, start, ...rest] = Buffer.from(token, 'base64url').toString('utf8').split(':');
  if (tokenKind !== kind || rest.length > 0 || start === undefined || !/^\d{1,9}$/.test(start)) {
    throw new CloudError('InvalidNextToken', 'The specified token is not valid.');
  }
  return Number(start);
}
