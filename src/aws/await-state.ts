/** Waits for a state of one resource, by the shared poll of its kind. */

import type { RegionAccess } from './region-access.js';
import type { Expectation, SharedPoll } from './shared-poll.js';

export interface StateJudge<T, R> {
  /** The wait's result, or undefined to wait on. */
  done(state: T): R | undefined;
  /** Why the resource will never get there, or undefined. Asked only when `done` has no result. */
  failed?(state: T): Error | undefined;
  /** EC2 has not listed the resource for longer than the visibility window: the result, or the error to throw. */
  missing(): NoInfer<R> | Error;
}

export interface AwaitedState<T> {
  readonly poll: SharedPoll<T>;
  readonly id: string;
  /** When its end is expected; without this the first look is at once. */
  readonly expected?: Expectation<T>;
}

/** Resolves with the judge's result; rejects with its errors, or when `signal` aborts. */
export function awaitState<T, R>(
  ec2: RegionAccess,
  { poll, id, expected }: AwaitedState<T>,
  judge: StateJudge<T, R>,
  signal: AbortSignal,
): Promise<R> {
  return poll.wait(
    id,
    (state, missingMs) => {
      if (state === undefined) {
        if (missingMs <= ec2.settings.visibilityMs) return undefined;
        return orThrow(judge.missing());
      }
      return judge.done(state) ?? orThrow(judge.failed?.(state));
    },
    signal,
    expected,
  );
}

function orThrow<R>(result: R | Error): R {
  if (result instanceof Error) throw result;
  return result;
}
