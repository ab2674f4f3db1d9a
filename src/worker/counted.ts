/** The worker's ways out with a count of what went how. */

import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { ActivityContext } from '../activities/attempt/context.js';
import { BrokerError } from '../messaging/errors.js';
import type { RunSinks } from '../model/progress/run-events.js';
import { NotifyError } from '../notify/errors.js';
import { ActivityMetrics } from '../telemetry/activity-metrics.js';
import type { MessageResult, WorkerMetrics } from '../telemetry/worker-metrics.js';

type Ways = Pick<ActivityContext, 'send' | 'notify'>;

/** Counts each message to the broker and each notification by its result. */
export function countedWays(metrics: WorkerMetrics, { send, notify }: Ways): Ways {
  return {
    send: (announcement) =>
      counted(
        () => send(announcement),
        (result) => metrics.message(result),
      ),
    notify: (input, signal) =>
      counted(
        () => notify(input, signal),
        (result) => metrics.notification(input.channel, result),
      ),
  };
}

async function counted(
  act: () => Promise<void>,
  count: (result: MessageResult) => void,
): Promise<void> {
  try {
    await act();
    count('sent');
  } catch (error) {
    const isKnown = error instanceof BrokerError || error instanceof NotifyError;
    count(isKnown && error.isFinal ? 'refused' : 'failed');
    throw error;
  }
}

export function countedActivities(metrics: WorkerMetrics): ActivityInterceptorsFactory {
  return ({ info }) => ({ inbound: new ActivityMetrics(info.activityType, metrics) });
}

/**
 * What workflows report; a replayed one does not report again. Without metrics the reports end here: the SDK logs an
 * error for each report that no sink takes.
 */
export function runSinks(metrics: WorkerMetrics | undefined): InjectedSinks<RunSinks> {
  const events = metrics?.runEvents;
  return {
    runEvents: {
      stepEnded: { fn: (_info, event) => events?.stepEnded(event), callDuringReplay: false },
      publicationClosed: {
        fn: (_info, outcome) => events?.publicationClosed(outcome),
        callDuringReplay: false,
      },
    },
  };
}
