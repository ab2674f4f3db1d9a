/** At start, lists fault rules and settings that the local cloud kept from an earlier start. */

import type { FaultStatus } from '../simulator/index.js';
import { readControl } from './simulator-control.js';

/** Calls `note` once when the local cloud has kept fault rules or changed settings. */
export async function noteKeptTroubles(
  simulatorUrl: string,
  note: (text: string) => void,
): Promise<void> {
  const kept = await keptTroubles(simulatorUrl);
  if (kept.length === 0) return;
  const lines = kept.map((line) => `\n  ${line}`);
  note(`\nThe local cloud has kept from an earlier start:${lines.join('')}`);
}

/** A line for each fault rule that can still hit a call, and for each setting that is not as at the start. */
async function keptTroubles(simulatorUrl: string): Promise<string[]> {
  const [rules, settings, usual] = await Promise.all([
    readControl<FaultStatus[]>(simulatorUrl, 'faults'),
    readControl<Record<string, unknown>>(simulatorUrl, 'settings'),
    readControl<Record<string, unknown>>(simulatorUrl, 'settings/start'),
  ]);
  const faults = rules
    .filter((rule) => canStillHit(rule, Date.now()))
    .map(
      ({ id, kind, action, region }) =>
        `fault rule ${id}: ${kind}, ${every(action, 'call')} in ${every(region, 'region')}; remove it with: curl -X DELETE ${simulatorUrl}/_fedimg/faults/${encodeURIComponent(id)}`,
    );
  const changed = Object.entries(settings)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name]))
    .map(([name, value]) => {
      const back = JSON.stringify({ [name]: usual[name] });
      return `setting ${name}: ${JSON.stringify(value)}; reset it with: curl -X PUT ${simulatorUrl}/_fedimg/settings -d '${back}'`;
    });
  return [...faults, ...changed];
}

function canStillHit(
  { occurrence, count, seen, firstAt, lastsMs }: FaultStatus,
  nowMs: number,
): boolean {
  if (lastsMs !== undefined && firstAt !== undefined && nowMs > firstAt + lastsMs) return false;
  return count === 0 || seen + 1 < occurrence + count;
}

function every(name: string, noun: string): string {
  return name === '*' ? `every ${noun}` : name;
}
