/** A sweep of one region, act by act, on a local cloud. */

import type { FoundStrays, RemovedStrays } from '../../../src/activities/shapes/removal.js';
import type { RegionAccess } from '../../../src/aws/region-access.js';
import type { RunState, SweepItem } from '../../../src/model/sweep/sweep.js';
import type { Effect } from '../../../src/simulator/index.js';
import type { ActivityLevel } from '../../support/activity-level.js';
import { withActivities } from '../../support/activity-level.js';
import type { Planted } from '../../support/planted.js';

export type Overrides = Partial<typeof INPUT>;

export const REGION = 'us-east-1';

export const INPUT = { deployment: 'test', regionName: REGION, graceMs: 0 };

export const LONG_AGO = '2020-01-01T00:00:00.000Z';

export const TERMINATED: Extract<RunState, { state: 'closed' }> = {
  state: 'closed',
  status: 'TERMINATED',
  closedAt: LONG_AGO,
  results: [],
};

export function completed(...results: readonly string[]): RunState {
  return { state: 'closed', status: 'COMPLETED', closedAt: LONG_AGO, results };
}

export function find(level: ActivityLevel, overrides: Overrides = {}): Promise<FoundStrays> {
  return level.activities.findStrays({ ...INPUT, straysMax: 100, ...overrides });
}

export function remove(
  level: ActivityLevel,
  strays: readonly SweepItem[],
  overrides: Overrides = {},
): Promise<RemovedStrays> {
  return level.activities.removeStrays({ ...INPUT, strays, ...overrides });
}

export async function sweep(
  level: ActivityLevel,
  overrides: Overrides = {},
): Promise<RemovedStrays> {
  const { strays } = await find(level, overrides);
  return remove(level, strays, overrides);
}

export function says(level: ActivityLevel, state: RunState): void {
  level.runs.stateOf = () => Promise.resolve(state);
}

export function ids(items: readonly SweepItem[]): string[] {
  return items.map(({ id }) => id).sort();
}

export function all(planted: Planted): string[] {
  return Object.values(planted).sort() as string[];
}

export async function alive(level: ActivityLevel): Promise<Set<string>> {
  return new Set((await level.resources()).map(({ id }) => id));
}

export async function effects(level: ActivityLevel): Promise<Effect[]> {
  const response = await fetch(`${level.simulator.url}/_fedimg/effects`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Effect);
}

export const CHANGES = ['TerminateInstances', 'DeleteVolume', 'DeregisterImage', 'DeleteSnapshot'];

export async function changes(level: ActivityLevel): Promise<number> {
  const counts = await Promise.all(CHANGES.map((action) => level.calls(action)));
  return counts.reduce((sum, count) => sum + count, 0);
}

export async function untilStates(
  level: ActivityLevel,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  for (;;) {
    const states = new Map((await level.resources()).map(({ id, state }) => [id, state]));
    if (Object.entries(wanted).every(([id, state]) => states.get(id) === state)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function withRegion(
  body: (level: ActivityLevel, ec2: RegionAccess) => Promise<void>,
): Promise<void> {
  await withActivities({}, (level) => body(level, level.aws.region(REGION)));
}
