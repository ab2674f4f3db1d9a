/** ClientTokens (EC2 developer guide, "Ensuring idempotency in Amazon EC2 API requests"). */

import { createHash } from 'node:crypto';
import { CloudError, invalidValue } from '../../errors.js';
import type { Call } from './action.js';

const lengthMax = 64;

export interface TokenUse {
  /** What the earlier request with this token made; undefined when this is the first. */
  readonly earlier: readonly string[] | undefined;
  /** Keeps what this request made; call it in the same turn in which the resources appear. */
  remember(ids: readonly string[]): void;
}

/**
 * Looks the token up. The same token with other parameters is refused, "Region or Availability Zone
 * excepted": `scope` is the zone when the request names one, and `parameters` must not hold it.
 */
export function useToken(
  call: Call,
  token: string | undefined,
  scope: string,
  parameters: unknown,
): TokenUse {
  if (token === undefined || token === '') return { earlier: undefined, remember: () => undefined };
  // Up to 64 ASCII characters, case-sensitive.
  if (token.length > lengthMax || !/^[\x20-\x7e]*$/.test(token)) {
    throw invalidValue(
      `Value (${token}) for parameter clientToken is invalid. Must be at most ${lengthMax} ASCII characters.`,
    );
  }
  const key = [call.region, scope, call.action, token].join(' ');
  const fingerprint = createHash('sha256').update(JSON.stringify(parameters)).digest('hex');
  const known = call.cloud.tokens.get(key);
  if (known !== undefined && known.fingerprint !== fingerprint) {
    throw new CloudError(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    );
  }
  return {
    earlier: known?.ids,
    remember: (ids) => call.cloud.tokens.put(key, { fingerprint, ids: [...ids] }),
  };
}
