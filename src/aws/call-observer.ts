/** Reports every request to AWS, also those of the SDK's own retry: metrics count them, and traces show them. */

import type { Pluggable } from '@smithy/types';
import type { CallName } from './call-name.js';
import { callName } from './call-name.js';

export interface AwsCall extends CallName {
  readonly regionName: string;
}

export interface CallObserver {
  /** Calls `send` once and settles as it does. */
  observe<T>(call: AwsCall, send: () => Promise<T>): Promise<T>;
}

/** One request inside all observers, the first one outermost. */
export function allObservers(observers: readonly CallObserver[]): CallObserver | undefined {
  if (observers.length === 0) return undefined;
  return {
    observe: (call, send) =>
      observers.reduceRight((inner, observer) => () => observer.observe(call, inner), send)(),
  };
}

/** Behind the SDK's own retry and behind the gate: a call that the gate refuses is not a request. */
export function callObserverPlugin<I extends object, O extends object>(
  regionName: string,
  observer: CallObserver,
): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next, context) => (args) =>
          observer.observe({ ...callName(context), regionName }, () => next(args)),
        { step: 'finalizeRequest', priority: 'low', name: 'callObserver', override: true },
      );
    },
  };
}
