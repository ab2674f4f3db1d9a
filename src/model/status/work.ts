/** What the activities under way amount to: transfers, waits for AWS, and troubles. */

import type { Heartbeat } from '../progress/heartbeat.js';
import type { RegionProgress, Step } from '../progress/progress.js';
import type { ActivityWait } from './activity-wait.js';
import type { FailureReport } from './failure-report.js';
import type { Transfer, Trouble, Wait } from './overview.js';
import { plainReason } from './plain-reason.js';

/** One activity that Temporal lists as pending. */
export interface Work {
  readonly id: string;
  readonly type: string;
  readonly attempt: number;
  /** The last one, of this attempt or of the attempt before. */
  readonly heartbeat: Heartbeat | null;
  /** Why the attempt before this one failed. */
  readonly lastFailure: FailureReport | null;
  /** When it is tried again; null while it runs. */
  readonly nextAttemptAt: string | null;
  /** When the last attempt began, when the one before it failed, and when the last heartbeat came. */
  readonly startedAt?: string | null;
  readonly failedAt?: string | null;
  readonly heartbeatAt?: string | null;
  readonly region?: string | null;
  /** Why it is not done yet; absent where only the workflow's own state is known. */
  readonly wait?: ActivityWait;
}

const STEP_OF: Readonly<Record<string, Step>> = {
  planImage: 'plan',
  launchUtilityInstance: 'utility',
  writeImage: 'write',
  writeDirect: 'write',
  snapshotVolume: 'write',
  registerImages: 'register',
  launchTestInstance: 'retire',
  terminateInstance: 'retire',
  runTest: 'test',
  copyToRegion: 'copy',
  publishRegion: 'publish',
  keepRegion: 'publish',
};

const WORDS: Readonly<Record<string, string>> = {
  readCompose: 'reading of the compose',
  planImage: 'plan',
  launchUtilityInstance: 'launch of the utility instance',
  writeImage: 'write of the image',
  writeDirect: 'write of the image',
  snapshotVolume: 'snapshot',
  registerImages: 'registration of the AMIs',
  launchTestInstance: 'launch of the test instance',
  terminateInstance: 'termination of an instance',
  runTest: 'test',
  copySnapshot: 'begin of the copy',
  copyToRegion: 'copy',
  publishRegion: 'publication',
  keepRegion: 'completion',
  undoRegion: 'undo',
  keepFailed: 'keeping of the failed test',
  noteLeftOut: 'note on the AMIs',
  removeSurplus: 'last look',
  announce: 'sending of messages',
};

/** The step that an activity belongs to; null beside the steps, as for an undo. */
export function stepOf(type: string): Step | null {
  return STEP_OF[type] ?? null;
}

/** `copy to eu-west-1`, `undo in sa-east-1`. */
export function workText({ type, ...work }: Work): string {
  const words = WORDS[type] ?? type;
  const region = regionOf(work);
  if (region === null) return words;
  return `${words} ${type.startsWith('copy') ? 'to' : 'in'} ${region}`;
}

export function regionOf({
  region,
  heartbeat,
  lastFailure,
}: Pick<Work, 'region' | 'heartbeat' | 'lastFailure'>): string | null {
  return region ?? heartbeat?.region ?? lastFailure?.region ?? null;
}

export function transferOf(work: readonly Work[]): Transfer | null {
  for (const { type, heartbeat, heartbeatAt = null, wait } of work) {
    if (heartbeat?.kind !== 'write') continue;
    const { phase, bytes, totalBytes } = heartbeat;
    return {
      ...{ step: stepOf(type) ?? 'write', phase, bytes, totalBytes, at: heartbeatAt },
      stillSince: wait?.stillSince ?? null,
      isBlocked: wait !== undefined && ['obstacle', 'retry', 'worker'].includes(wait.kind),
    };
  }
  return null;
}

export function waitsOf(
  work: readonly Work[],
  regions: readonly RegionProgress[],
  expected: Readonly<Partial<Record<Step, number>>>,
): Wait[] {
  return work.flatMap((one): Wait[] => {
    const { type, heartbeat, startedAt = null } = one;
    if (heartbeat?.kind !== 'wait') return [];
    const region = regionOf(one);
    const known = regions.find((state) => state.region === region);
    const step = stepOf(type);
    return [
      {
        step,
        region,
        what: heartbeat.phase,
        since: heartbeat.since ?? known?.startedAt ?? startedAt,
        expectedSeconds: step === null ? null : (expected[step] ?? null),
        limitSeconds: heartbeat.limitSeconds ?? null,
        percent: heartbeat.percent ?? null,
        attempt: heartbeat.instance ?? null,
        detail: heartbeat.detail ?? null,
      },
    ];
  });
}

/** The work that makes no progress, and why. */
export function troublesOf(work: readonly Work[]): Trouble[] {
  return work.flatMap((one): Trouble[] => {
    const held = heldUpOf(one) ?? failedOf(one);
    if (held === undefined) return [];
    return [{ step: stepOf(one.type), region: regionOf(one), what: workText(one), ...held }];
  });
}

type Held = Omit<Trouble, 'step' | 'region' | 'what'>;

/** An attempt that a service or a silent worker holds up, while it goes on. */
function heldUpOf({ attempt, wait, startedAt = null, type, lastFailure }: Work): Held | undefined {
  if (wait === undefined) return undefined;
  // A free worker takes waiting work at once, and a queue of many regions is usual.
  const isSilent = wait.kind === 'worker' && startedAt !== null;
  if (wait.kind !== 'obstacle' && !isSilent) return undefined;
  return {
    ...{ kind: 'held-up', type, code: null, attempt },
    reason: plainReason(wait.reason),
    since: wait.stillSince,
    nextTryAt: wait.nextTryAt,
    next: lastFailure?.class === wait.class ? nextOf(lastFailure) : null,
  };
}

/** An attempt that failed; Temporal starts the next one. */
function failedOf({
  attempt,
  lastFailure,
  failedAt = null,
  nextAttemptAt,
  wait,
}: Work): Held | undefined {
  const isTriedAgain = wait === undefined || wait.kind === 'retry';
  if (attempt < 2 || lastFailure === null || !isTriedAgain) return undefined;
  const { code = null, message } = lastFailure;
  return {
    ...{ kind: 'failed', type: lastFailure.type, code, attempt },
    reason: plainReason(message),
    since: failedAt,
    nextTryAt: nextAttemptAt,
    next: nextOf(lastFailure),
  };
}

/** Other failures may end by themselves. */
function nextOf(failure: FailureReport | null | undefined): string | null {
  const isForPeople = failure?.class === 'credentials' || failure?.class === 'refused';
  return isForPeople ? (failure.next ?? null) : null;
}
