/** AWS calls of one image and of ten together, waiting included: per AMI and by action, with 17 and 33 regions. */

import type { Result, Row } from './row.js';
import { publishOnce, total } from './world.js';

/** The rest is summed up. */
const ACTIONS_MAX = 14;

const SIZES = [
  { regions: 17, images: 1 },
  { regions: 33, images: 1 },
  { regions: 17, images: 10 },
] as const;

export default async function run(): Promise<Result> {
  const rows: Row[] = [];
  const details: Row[] = [];
  for (const { regions, images } of SIZES) {
    const { calls, amis, seconds } = await publishOnce({ regions, seed: 1, images });
    const together = images === 1 ? '' : `${images} images, `;
    const variant = `${together}${regions} regions, ${amis} AMIs`;
    const figure = 'AWS calls per AMI';
    rows.push({ figure, variant, value: total(calls) / amis, unit: 'calls', goal: '<= 6' });
    rows.push({ figure: 'time of the run', variant, value: seconds, unit: 's' });
    const actions = [...new Set(calls.map(({ action }) => action))]
      .map((action) => ({ action, count: total(calls, action) }))
      .sort((one, other) => other.count - one.count);
    const rest = actions.splice(ACTIONS_MAX).reduce((sum, { count }) => sum + count, 0);
    for (const { action, count } of [...actions, { action: 'other actions', count: rest }])
      details.push({ figure: `  ${action}`, variant, value: count, unit: 'calls' });
  }
  return { rows: [...rows, ...details] };
}
