/** Scales the short waits of a run by what it was started with; no scale, no change. */

import type {
  ActivityInput,
  Next,
  WorkflowInterceptors,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { workflowInfo } from '@temporalio/workflow';
import { msOptionalToNumber } from '@temporalio/common/lib/time.js';
import { TIME_SCALE_MEMO } from '../contract.js';

/** How soon a dead worker is noticed, and how soon an act is tried again; bounds stay as they are. */
class ShortWaits implements WorkflowOutboundCallsInterceptor {
  scheduleActivity(
    input: ActivityInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>,
  ): Promise<unknown> {
    // Read here: it is not known yet when interceptors are made.
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
        heartbeatTimeout: scaled(options.heartbeatTimeout),
        retry: {
          ...options.retry,
          initialInterval: scaled(options.retry?.initialInterval),
          maximumInterval: scaled(options.retry?.maximumInterval),
        },
      },
    });
  }
}

export function interceptors(): WorkflowInterceptors {
  return { outbound: [new ShortWaits()] };
}
