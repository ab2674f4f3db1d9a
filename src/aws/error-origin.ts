/** Records which AWS call failed, where, and with whose credentials: the SDK's errors do not name them. */

import type { Pluggable } from '@smithy/types';
import { callName } from './call-name.js';
import type { CredentialSource } from './credential-source.js';

export interface ErrorOrigin {
  readonly region: string;
  /** As IAM policies name it: `ec2:DescribeRegions`. */
  readonly action: string;
  readonly credentials: CredentialSource;
}

const origins = new WeakMap<Error, ErrorOrigin>();

/** The call that threw the error; undefined for an error that no client threw. */
export function originOf(error: unknown): ErrorOrigin | undefined {
  return error instanceof Error ? origins.get(error) : undefined;
}

/** Records the origin of every error that the client throws, also of one without an answer of AWS. */
export function errorOriginPlugin<I extends object, O extends object>(
  region: string,
  credentials: () => CredentialSource,
): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next, context) => async (args) => {
          try {
            return await next(args);
          } catch (error) {
            if (error instanceof Error) {
              const { service, action } = callName(context);
              const name = `${service.toLowerCase()}:${action}`;
              origins.set(error, { region, action: name, credentials: credentials() });
            }
            throw error;
          }
        },
        // Outermost, so that errors of parameters and the error of the last retry pass it, too.
        { step: 'initialize', priority: 'high', name: 'errorOrigin', override: true },
      );
    },
  };
}
