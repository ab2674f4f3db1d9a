/** One publication under way: what its steps hand on to each other. */

import type { UtilityInstance } from '../../activities/activities.js';
import type { Announcements } from './announcements.js';
import type { ImageRun } from './image-run.js';
import type { UndoStack } from './undo-stack.js';

/** What the steps share beside the visible state. */
export interface Publication {
  readonly run: ImageRun;
  readonly announcements: Announcements;
  undo: UndoStack | undefined;
  instance: UtilityInstance | undefined;
  generation: number;
  /** What goes on beside the steps, and is awaited at the end. */
  readonly aside: Promise<void>[];
}
