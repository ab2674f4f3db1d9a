/** Times and durations on pages; a script keeps the running ones up to date between two pages. */

import { formatElapsed, formatTime } from '../../model/figures.js';
import type { Content, Markup } from './markup.js';
import { markup } from './markup.js';

/** A point in time in UTC, without seconds. */
export function timeOf(iso: string): Markup {
  return markup`<time datetime="${iso}">${formatTime(iso).slice(0, 16)} UTC</time>`;
}

/** How long something has taken, or takes since `startedAt`. */
export function duration(
  {
    startedAt,
    endedAt,
  }: { readonly startedAt?: string | undefined; readonly endedAt?: string | null | undefined },
  nowMs: number,
): Content {
  if (startedAt === undefined) return undefined;
  const startMs = Date.parse(startedAt);
  if (endedAt) return formatElapsed(Date.parse(endedAt) - startMs);
  return markup`<time data-since="${startedAt}">${formatElapsed(nowMs - startMs)}</time>`;
}
