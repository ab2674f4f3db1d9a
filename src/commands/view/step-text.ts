/** The current step of an image as text: bytes while it writes, regions while it copies. */

import type { PendingActivity } from '../../client/pending-activities.js';
import type { ImageStatus } from '../../client/status.js';
import type { Heartbeat, WriteHeartbeat } from '../../model/progress/heartbeat.js';
import type { RegionProgress, Step } from '../../model/progress/progress.js';
import { STEPS } from '../../model/progress/progress.js';
import { formatBar, formatBytes, formatClock, formatElapsed } from './format.js';
import type { TransferRate } from './transfer-rate.js';
import { createTransferRate } from './transfer-rate.js';

/** One rate for each run and phase, kept during a watch. */
export type TransferRates = Map<string, TransferRate>;

export interface RegionCounts {
  readonly done: number;
  readonly failed: number;
  /** Without the regions that are left out. */
  readonly total: number;
  readonly busy: readonly RegionProgress[];
}

/** The running step, else the last one that began. */
export function currentStep({ progress }: ImageStatus): Step | undefined {
  if (progress === null) return undefined;
  const begun = STEPS.filter((step) => ['running', 'failed'].includes(progress.steps[step].state));
  return begun.at(-1) ?? STEPS.filter((step) => progress.steps[step].state === 'done').at(-1);
}

/** While copying, a copied region is done; from publishing on, a public one is. */
export function countRegions(status: ImageStatus): RegionCounts {
  const wanted = (status.progress?.regions ?? []).filter(({ state }) => state !== 'left-out');
  const publish = status.progress?.steps.publish.state ?? 'waiting';
  // Also when publishing failed: the run then removes what was only copied.
  const publishing = ['running', 'done', 'failed'].includes(publish);
  const isDone = ({ state }: RegionProgress): boolean =>
    state === 'published' ||
    state === 'private' ||
    (!publishing && (state === 'copied' || state === 'publishing'));
  return {
    done: wanted.filter(isDone).length,
    failed: wanted.filter(({ state }) => state === 'failed').length,
    total: wanted.length,
    busy: wanted.filter(({ state }) => state === 'copying' || state === 'publishing'),
  };
}

export function writeHeartbeat(status: ImageStatus): WriteHeartbeat | undefined {
  return status.activities
    .map(({ heartbeat }) => heartbeat)
    .find((heartbeat): heartbeat is WriteHeartbeat => heartbeat?.kind === 'write');
}

/** What happens in the current step, without its name. */
export function stepText(status: ImageStatus, nowMs: number, rates: TransferRates): string {
  const step = currentStep(status);
  if (step === undefined) return status.phase ?? 'starting';
  const heartbeat = writeHeartbeat(status);
  if (heartbeat !== undefined && (step === 'write' || step === 'test')) {
    return transferText(heartbeat, rateOf(status, heartbeat, nowMs, rates));
  }
  if (step === 'copy' || step === 'publish') return regionText(status);
  const startedAt = status.progress?.steps[step].startedAt;
  const elapsed = startedAt === undefined ? '' : formatElapsed(nowMs - Date.parse(startedAt));
  const waiting = waitText(status.activities.map((activity) => activity.heartbeat));
  return [waiting, elapsed].filter((part) => part !== '').join('  ');
}

function rateOf(
  status: ImageStatus,
  { phase, bytes }: WriteHeartbeat,
  nowMs: number,
  rates: TransferRates,
): TransferRate {
  const key = `${status.runId} ${phase}`;
  const rate = rates.get(key) ?? createTransferRate();
  rates.set(key, rate);
  rate.add(bytes, nowMs);
  return rate;
}

function transferText({ phase, bytes, totalBytes }: WriteHeartbeat, rate: TransferRate): string {
  const parts: string[] = [];
  if (totalBytes > 0) {
    const fraction = Math.min(1, bytes / totalBytes);
    const percent = String(Math.floor(fraction * 100)).padStart(3);
    parts.push(`${formatBar(fraction)} ${percent}%`);
  }
  const total = totalBytes > 0 ? ` of ${formatBytes(totalBytes)}` : '';
  parts.push(bytes > 0 || totalBytes > 0 ? `${phase} ${formatBytes(bytes)}${total}` : phase);
  const perSecond = rate.bytesPerSecond();
  if (perSecond !== undefined) parts.push(`${formatBytes(perSecond)}/s`);
  const left = rate.secondsLeft(totalBytes);
  if (left !== undefined && bytes < totalBytes) parts.push(`ETA ${formatClock(left)}`);
  return parts.join('  ');
}

/** An activity's attempt and its region: `copyToRegion in sa-east-1, attempt 3`. */
export function attemptText({ type, attempt, lastFailure }: PendingActivity): string {
  const where = lastFailure?.region === undefined ? '' : ` in ${lastFailure.region}`;
  return `${type}${where}, attempt ${attempt}`;
}

const NAMED_MAX = 3;

function regionText(status: ImageStatus): string {
  const { done, failed, total, busy } = countRegions(status);
  const names = busy.slice(0, NAMED_MAX).map(({ region }) => region);
  const more = busy.length > NAMED_MAX ? ` and ${busy.length - NAMED_MAX} more` : '';
  const waiting = waitText(status.activities.map((activity) => activity.heartbeat));
  return [
    `${done}/${total} regions`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(names.length > 0 ? [`waiting for ${names.join(', ')}${more}`] : []),
    ...(waiting === '' ? [] : [`(${waiting})`]),
  ].join('  ');
}

/** Shows the lowest percentage of all regions; AWS's percentages jump from 0 to 100. */
function waitText(heartbeats: readonly (Heartbeat | null)[]): string {
  const waits = heartbeats.filter((one) => one?.kind === 'wait');
  const [first] = waits;
  if (first === undefined) return '';
  const percents = waits.flatMap(({ percent }) => (percent === undefined ? [] : [percent]));
  if (percents.length === 0) return first.phase;
  return `${first.phase}, AWS reports ${Math.min(...percents)}%`;
}
