/** Reports what holds up a wait that goes on by itself: AWS throttles, fails or does not answer. */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pluggable } from '@smithy/types';
import { printable } from '../model/printable.js';
import type { Obstacle } from '../model/progress/heartbeat.js';
import { redacted } from '../model/redact.js';
import type { CallName } from './call-name.js';
import { callName } from './call-name.js';
import { classifyAwsError } from './errors.js';

/** An obstacle before its receiver adds since when it is there. */
export type Hindrance = Omit<Obstacle, 'since'>;

/** Receives the obstacle of one thing, such as a call in a region; undefined when it is over. */
export type ObstacleSink = (what: string, hindrance: Hindrance | undefined) => void;

const sinks = new AsyncLocalStorage<ObstacleSink>();

/** What `work` and all that it calls is held up by goes to `sink`. */
export function reportingObstacles<T>(sink: ObstacleSink, work: () => T): T {
  return sinks.run(sink, work);
}

/** Of the work that is running; undefined outside of an attempt. */
export function obstacleSink(): ObstacleSink | undefined {
  return sinks.getStore();
}

/** Reports each single try of a call: the SDK tries three times, of up to 30 s each, before the call fails. */
export function obstaclePlugin<I extends object, O extends object>(
  region: string,
): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next, context) => async (args) => {
          const sink = obstacleSink();
          const call = { ...callName(context), region };
          try {
            const answer = await next(args);
            sink?.(`${region} ${call.action}`, undefined);
            return answer;
          } catch (error) {
            const hindrance = hindranceOf(error, call);
            if (hindrance !== undefined) sink?.(`${region} ${call.action}`, hindrance);
            throw error;
          }
        },
        // Behind the SDK's own retry.
        { step: 'finalizeRequest', priority: 'low', name: 'obstacles', override: true },
      );
    },
  };
}

interface Call extends CallName {
  readonly region: string;
}

/** Undefined for an error that ends the wait. */
function hindranceOf(error: unknown, { service, action, region }: Call): Hindrance | undefined {
  if (error instanceof Error && error.name === 'AbortError') return undefined;
  const failure = classifyAwsError(error);
  if (failure?.class === 'throttled') {
    const message = `${service} in ${region} throttles ${action} (${failure.code})`;
    return { class: 'throttled', message, region };
  }
  if (failure?.class !== 'unreachable') return undefined;
  const { httpStatusCode } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
  const what = httpStatusCode === undefined ? 'does not answer' : `answers ${httpStatusCode} to`;
  const message = `${service} in ${region} ${what} ${action}: ${failure.message}`;
  return { class: 'unreachable', message: printable(redacted(message)).slice(0, 500), region };
}
