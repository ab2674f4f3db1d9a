/** One notification to people: each channel by itself, so that a dead mail server does not delay the webhook. */

import { log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { NotifyInput } from '../contract.js';
import { failureReason } from './failure-reason.js';
import { notifying } from './profiles.js';

const { sendNotification } = proxyActivities<Pick<Activities, 'sendNotification'>>(notifying);

export interface NotifyResult {
  /** Channels that did not take it, each with the reason. */
  readonly failed: readonly string[];
}

/** Has its own workflow, so that a publication never waits for a receiver. */
export async function notify({ notification, channels }: NotifyInput): Promise<NotifyResult> {
  const failed: string[] = [];
  await Promise.all(
    channels.map(async (channel) => {
      const summary = `${channel}: ${notification.title}`.slice(0, 200);
      try {
        await sendNotification.executeWithOptions({ summary }, [{ channel, notification }]);
      } catch (failure) {
        failed.push(`${channel}: ${failureReason(failure)}`);
      }
    }),
  );
  if (failed.length > 0) {
    log.error('a notification was not delivered', { title: notification.title, failed });
  }
  return { failed };
}
