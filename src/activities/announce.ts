/** Messages to the world, in order; without a broker they go to the log. */

import type { Announcement } from '../model/announcement.js';
import type { ActivityContext } from './context.js';

export async function announce(
  context: ActivityContext,
  announcements: readonly Announcement[],
): Promise<void> {
  for (const announcement of announcements) await context.send(announcement);
}
