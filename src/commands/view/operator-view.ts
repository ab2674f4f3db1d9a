/** What operators can do with an image, with the exact commands, and what they did. */

import type { OperatorAct } from '../../model/progress/operator.js';
import type { ImageOverview, NextAct } from '../../model/status/overview.js';
import { formatTime } from './format.js';
import type { Paint } from './terminal.js';

export function nextLines(next: readonly NextAct[], paint: Paint): string[] {
  return next.map(({ what, command }) => paint('yellow', `  ${what}:  ${command}`));
}

export function actLines({ acts }: Pick<ImageOverview, 'acts'>): string[] {
  return acts.map((act) => {
    const regions = act.regions === undefined ? '' : ` ${act.regions.join(' ')}`;
    return `  ${formatTime(act.at)} UTC  ${act.action}${regions} by ${whoAndWhy(act)}`;
  });
}

function whoAndWhy({ by, reason }: OperatorAct): string {
  return reason === undefined ? by : `${by} (${reason})`;
}
