/** What an image does and waits for, one line each: bytes, waits for AWS, troubles, holds. */

import { STANDSTILL_MS } from '../../model/status/activity-wait.js';
import type {
  ImageOverview,
  RegionOverview,
  Transfer,
  Trouble,
  Wait,
} from '../../model/status/overview.js';
import { formatBar, formatBytes, formatClock, formatElapsed } from './format.js';
import type { TransferRate } from './transfer-rate.js';
import { createTransferRate } from './transfer-rate.js';

/** One rate for each run and phase, kept during a watch. */
export type TransferRates = Map<string, TransferRate>;

/** `[####----]  50%  download 200 MiB of 400 MiB  50 MiB/s  0:04 left` */
export function transferText(
  { phase, bytes, totalBytes, stillSince, isBlocked }: Transfer,
  rate: TransferRate | undefined,
  { nowMs, barCells = 20 }: { readonly nowMs: number; readonly barCells?: number },
): string {
  const isKnown = totalBytes > 0;
  const total = isKnown ? ` of ${formatBytes(totalBytes)}` : '';
  const sinceMs = stillSince === null ? 0 : nowMs - Date.parse(stillSince);
  const stillMs = Math.max(rate?.stillMs(nowMs) ?? 0, sinceMs);
  const isStill = (isBlocked || stillMs > STANDSTILL_MS) && bytes < totalBytes;
  const perSecond = isStill ? undefined : rate?.bytesPerSecond();
  const left = isStill ? undefined : rate?.secondsLeft(totalBytes);
  return [
    ...(isKnown ? [barText(bytes / totalBytes, barCells)] : []),
    bytes > 0 || isKnown ? `${phase} ${formatBytes(bytes)}${total}` : phase,
    ...(perSecond === undefined ? [] : [`${formatBytes(perSecond)}/s`]),
    ...(left === undefined || bytes >= totalBytes ? [] : [`${formatClock(left)} left`]),
    ...(isStill ? [`no byte for ${formatClock(stillMs / 1_000)}`] : []),
  ].join('  ');
}

function barText(fraction: number, cells: number): string {
  const percent = String(Math.floor(Math.min(1, fraction) * 100)).padStart(3);
  return `${formatBar(fraction, cells)} ${percent}%`;
}

/** The rate of the bytes that this watch has seen. */
export function rateOf(
  image: Pick<ImageOverview, 'runId'>,
  { phase, bytes }: Transfer,
  nowMs: number,
  rates: TransferRates,
): TransferRate {
  const key = `${image.runId} ${phase}`;
  const rate = rates.get(key) ?? createTransferRate();
  rates.set(key, rate);
  rate.add(bytes, nowMs);
  return rate;
}

/** `waiting for the SSM agent of i-0123, 1:10 of 2:00, try 1 of 2` */
export function waitText(
  { what, region, since, limitSeconds, expectedSeconds, percent, attempt }: Wait,
  nowMs: number,
): string {
  const where = region === null || what.includes(region) ? '' : ` in ${region}`;
  const elapsed = since === null ? '' : formatClock((nowMs - Date.parse(since)) / 1_000);
  const bound = boundText(limitSeconds, expectedSeconds);
  return [
    `waiting for ${what}${where}`,
    ...(elapsed === '' ? [] : [`${elapsed}${bound}`]),
    ...(percent === null ? [] : [`AWS reports ${percent}%`]),
    ...(attempt === null ? [] : [`try ${attempt.number} of ${attempt.of}`]),
  ].join(', ');
}

function boundText(limit: number | null, expected: number | null): string {
  if (limit !== null) return ` of ${formatClock(limit)}`;
  return expected === null || expected === 0 ? '' : ` of about ${formatClock(expected)}`;
}

/** Waits of many regions for the same thing are one line: the region that began first and the count of the others. */
export function waitLines(waits: readonly Wait[], nowMs: number): string[] {
  const kinds = [...new Set(waits.map(kindOf))];
  return kinds.flatMap((kind) => {
    const same = waits.filter((one) => kindOf(one) === kind);
    const [first] = same.toSorted((a, b) => (a.since ?? '~').localeCompare(b.since ?? '~'));
    if (first === undefined) return [];
    const others = same.length - 1;
    const more = others === 0 ? '' : `; ${others} more ${others === 1 ? 'region' : 'regions'} wait`;
    return [`${waitText(first, nowMs)}${more}`, ...detailLines(first)];
  });
}

/** A snapshot and an instance have ids, a copy has none. */
function kindOf({ step, what }: Wait): string {
  return `${step ?? ''} ${what.replace(/\b[a-z]+-[0-9a-f]{8,}\b/g, '')}`;
}

const DETAIL_LINES_MAX = 6;

function detailLines({ detail }: Wait): string[] {
  if (detail === null || detail.trim() === '') return [];
  const lines = detail.trimEnd().split('\n').slice(-DETAIL_LINES_MAX);
  return lines.map((line) => `  | ${line.trimEnd()}`);
}

/** `copy to eu-west-1 failed 12s ago, try 4 in 8s: no answer within 30 s`, or `copy to eu-west-1 is held up for 40s: …`. */
export function troubleText(
  { kind, what, reason, since, attempt, nextTryAt }: Trouble,
  nowMs: number,
): string {
  const time = since === null ? '' : formatElapsed(nowMs - Date.parse(since));
  const left = nextTryAt === null ? 0 : Date.parse(nextTryAt) - nowMs;
  if (kind === 'held-up') {
    const held = time === '' ? '' : ` for ${time}`;
    const next = left > 0 ? `, next try in ${formatElapsed(left)}` : '';
    return `${what} is held up${held}${next}: ${reason}`;
  }
  const ago = time === '' ? '' : ` ${time} ago`;
  const when = left > 0 ? ` in ${formatElapsed(left)}` : ' is under way';
  return `${what} failed${ago}, try ${attempt}${when}: ${reason}`;
}

/** `16 regions wait for eu-west-1 until 14:32 UTC` */
export function patienceText({ patience }: ImageOverview): string[] {
  if (patience === null) return [];
  const { until, late, waiting } = patience;
  const who = waiting === 1 ? '1 region waits' : `${waiting} regions wait`;
  const names = late.length <= 3 ? late.join(', ') : `${late.length} late regions`;
  return [`${who} for ${names} until ${until.slice(11, 16)} UTC`];
}

export interface RegionCounts {
  readonly done: number;
  readonly failed: number;
  /** Without the regions that are left out. */
  readonly total: number;
}

/** While copying, a copied region is done; from publishing on, a public one is. */
export function countRegions({ steps, regions }: ImageOverview): RegionCounts {
  const wanted = regions.filter(({ state }) => state !== 'left-out');
  const publish = steps.find(({ step }) => step === 'publish')?.state ?? 'waiting';
  // Also when publishing failed: the run then removes what was only copied.
  const isPublishing = ['running', 'done', 'failed'].includes(publish);
  const isDone = ({ state }: RegionOverview): boolean =>
    state === 'published' ||
    state === 'private' ||
    (!isPublishing && (state === 'copied' || state === 'publishing'));
  return {
    done: wanted.filter(isDone).length,
    failed: wanted.filter(({ state }) => state === 'failed').length,
    total: wanted.length,
  };
}
