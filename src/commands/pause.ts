/** `fedimg pause`: holds an image before its next step. */

import type { Command } from 'commander';
import { operatorCommand } from './shared/operator-command.js';

export function createCommand(): Command {
  return operatorCommand({
    name: 'pause',
    examples: [
      'fedimg pause Fedora-Cloud-43-20251021.0 --reason "wait for QA"',
      'fedimg pause @latest',
    ],
    notes:
      'The step under way ends first. `fedimg resume ID` lets the image go on; `fedimg cancel ID` works also while it is paused.',
    words: { changed: 'paused; it waits before its next step', unchanged: 'already paused' },
  });
}
