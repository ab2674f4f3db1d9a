/** `fedimg approve`: lets an image go on that waits for its approval. */

import type { Command } from 'commander';
import { operatorCommand } from './shared/operator-command.js';

export function createCommand(): Command {
  return operatorCommand({
    name: 'approve',
    examples: ['fedimg approve Fedora-Cloud-43-20251021.0 --reason "tested by hand"'],
    notes:
      'Images wait where publish.approval says so: "before-copy" or "before-publish". `fedimg status ID` exits with 9 meanwhile.',
    words: { changed: 'approved', unchanged: 'already approved' },
  });
}
