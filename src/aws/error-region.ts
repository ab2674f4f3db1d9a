/** Records in which region an AWS call failed: the SDK's errors do not name it. */

import type { Pluggable } from '@smithy/types';

const regions = new WeakMap<Error, string>();

/** The region of the client that threw the error; undefined for any other error. */
export function regionOfError(error: unknown): string | undefined {
  return error instanceof Error ? regions.get(error) : undefined;
}

/** Records the client's region for every error that the client throws, also without an answer of AWS. */
export function errorRegionPlugin<I extends object, O extends object>(
  regionName: string,
): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next) => async (args) => {
          try {
            return await next(args);
          } catch (error) {
            if (error instanceof Error) regions.set(error, regionName);
            throw error;
          }
        },
        // Outermost, so that errors of parameters and the error of the last retry pass it, too.
        { step: 'initialize', priority: 'high', name: 'errorRegion', override: true },
      );
    },
  };
}
