/** Messages to the world, in order; without a broker they go to the log. */

import type { Announcement } from '../model/announcement.js';
import type { ActivityContext } from './context.js';
import { heartbeating, waitingFor } from './context.js';

export function announce(
  context: ActivityContext,
  announcements: readonly Announcement[],
): Promise<void> {
  return heartbeating(waitingFor('broker'), async () => {
    for (const announcement of announcements) await context.send(announcement);
  });
}
