/** Scales the short waits of a run by the factor in its memo; without one they stay as they are. */

import type {
  ActivityInput,
  Next,
  WorkflowInterceptors,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { workflowInfo } from '@temporalio/workflow';
import { msOptionalToNumber } from '@temporalio/common/lib/time.js';
import { TIME_SCALE_MEMO } from '../contract.js';
import { HEARTBEAT_TIMEOUT_MS } from '../model/progress/heartbeat.js';

/** Scales how soon Temporal notices a dead worker and how soon it tries again. Upper bounds stay as they are. */
class ShortWaits implements WorkflowOutboundCallsInterceptor {
  scheduleActivity(
    input: ActivityInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>,
  ): Promise<unknown> {
    // Read here, because Temporal makes the interceptors before it reads the memo.
    const scale = workflowInfo().memo?.[TIME_SCALE_MEMO];
    if (typeof scale !== 'number') return next(input);
    const { options } = input;
    const scaled = (duration: Parameters<typeof msOptionalToNumber>[0]) => {
      const ms = msOptionalToNumber(duration);
      return ms === undefined ? undefined : Math.max(1, Math.round(ms * scale));
    };
    return next({
      ...input,
      options: {
        ...options,
        heartbeatTimeout: scaled(
          scale < 1 ? shortest(options.heartbeatTimeout) : options.heartbeatTimeout,
        ),
        retry: {
          ...options.retry,
          initialInterval: scaled(options.retry?.initialInterval),
          maximumInterval: scaled(options.retry?.maximumInterval),
        },
      },
    });
  }
}

/** On the local cloud no heartbeat costs anything, and its user wants to see a killed worker's work go on. */
function shortest(timeout: ActivityInput['options']['heartbeatTimeout']): number | undefined {
  const ms = msOptionalToNumber(timeout);
  return ms === undefined ? undefined : Math.min(ms, HEARTBEAT_TIMEOUT_MS);
}

export function interceptors(): WorkflowInterceptors {
  return { outbound: [new ShortWaits()] };
}
