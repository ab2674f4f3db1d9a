/** Sends messages in order; without a broker they go to the log. */

import { log } from '@temporalio/activity';
import { BrokerError } from '../messaging/errors.js';
import type { Announcement } from '../model/progress/announcement.js';
import type { AnnounceReport } from './shapes/message.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/** After this the activity returns, so that history records what was sent: a slow broker must not restart a batch again and again. */
const BATCH_MS_MAX = 20_000;

/**
 * Sends one message after the other. A message that the broker finally refuses is reported and skipped. An outage
 * in the middle ends the batch, so that history records what was sent and it is not sent again.
 */
export function announce(
  context: ActivityContext,
  announcements: readonly Announcement[],
): Promise<AnnounceReport> {
  const send = async (signal: AbortSignal): Promise<AnnounceReport> => {
    const beganMs = performance.now();
    const refused: string[] = [];
    let handled = 0;
    for (const announcement of announcements) {
      signal.throwIfAborted();
      if (handled > 0 && performance.now() - beganMs > BATCH_MS_MAX) break;
      try {
        await context.send(announcement);
      } catch (error) {
        if (!(error instanceof BrokerError && error.isFinal)) {
          if (handled === 0) throw error;
          log.warn('messages wait for the broker', { reason: String(error) });
          break;
        }
        const { topic, key, body } = announcement;
        log.error(error.message, { topic, key, body, next: error.next });
        refused.push(`${topic} (${key}): ${error.message}`);
      }
      handled += 1;
    }
    return { handled, refused };
  };
  return heartbeating(waitingFor('broker'), (_report, signal) => send(signal), { isShort: true });
}
