/** What one image costs at Temporal: billable actions with heartbeats, and the size of its history. */

import type { Result, Row } from './row.js';
import type { Published } from './world.js';
import { publishOnce } from './world.js';

/**
 * Temporal Cloud, "Actions": a start of a workflow, of an activity and each retry, a recorded heartbeat, a timer, a signal, an update,
 * an upsert of search attributes, and two for a child workflow. The numbers are those of `temporal.api.enums.v1.EventType`.
 */
const ACTIONS_BY_EVENT: readonly (readonly [name: string, eventType: number, actions: number])[] = [
  ['workflow', 1, 1],
  ['activities', 10, 1],
  ['timers', 17, 1],
  ['signals', 26, 1],
  ['child workflows', 29, 2],
  ['search attributes', 40, 1],
];

export default async function run(): Promise<Result> {
  const rows: Row[] = [];
  const details: Row[] = [];
  for (const regions of [17, 33] as const) {
    const published = await publishOnce({ regions, seed: 1 });
    const { amis, history, heartbeats } = published;
    const variant = `${regions} regions, ${amis} AMIs`;
    const parts = partsOf(published);
    const actions = parts.reduce((sum, [, count]) => sum + count, 0);
    const value = actions / amis;
    rows.push({
      figure: 'Temporal actions per AMI',
      variant,
      value,
      unit: 'actions',
      goal: '<= 4',
    });
    rows.push({ figure: 'history', variant, value: history.bytes / 1024, unit: 'KiB' });
    for (const [name, count] of parts)
      details.push({ figure: `  ${name}`, variant, value: count, unit: 'actions' });
    for (const [activity, count] of heartbeats)
      details.push({
        figure: `  heartbeats of ${activity}`,
        variant,
        value: count,
        unit: 'actions',
      });
  }
  return { rows: [...rows, ...details] };
}

function partsOf({ history, heartbeats }: Published): (readonly [string, number])[] {
  const beats = [...heartbeats.values()].reduce((sum, count) => sum + count, 0);
  return [
    ...ACTIONS_BY_EVENT.map(
      ([name, type, actions]) => [name, (history.events.get(type) ?? 0) * actions] as const,
    ),
    ['retries of activities', history.retries],
    ['heartbeats', beats],
  ];
}
