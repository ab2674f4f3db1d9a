/** `fedimg resume`: lets a paused image go on. */

import type { Command } from 'commander';
import { operatorCommand } from './shared/operator-command.js';

export function createCommand(): Command {
  return operatorCommand({
    name: 'resume',
    examples: ['fedimg resume Fedora-Cloud-43-20251021.0'],
    notes: 'An image that waits for its approval needs `fedimg approve ID`.',
    words: { changed: 'resumed', unchanged: 'not paused' },
  });
}
