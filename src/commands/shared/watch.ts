/** Watches a publication until it is closed, the time is over, or the user detaches. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError } from '../../client/errors.js';
import type { RunRef, Session } from '../../client/session.js';
import type { PublicationStatus } from '../../client/status.js';
import { createStatusCache, readStatus } from '../../client/status.js';
import { waitsForApproval } from '../../client/waits-for-approval.js';
import { formatElapsed } from '../view/format.js';
import type { ProgressDisplay } from '../view/progress-display.js';

export interface WatchOptions {
  readonly display: ProgressDisplay;
  readonly timeoutMs?: number | undefined;
  readonly intervalMs?: number | undefined;
  /** Aborted when the user detaches; the publication goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Also ends when all that is under way waits for its approval. */
  readonly untilHeld?: boolean;
  /** Called with every status that differs from the one before. */
  readonly onChange?: ((status: PublicationStatus) => void) | undefined;
}

export interface Watched {
  readonly status: PublicationStatus;
  readonly end: 'closed' | 'held' | 'timeout' | 'detached';
}

const INTERVAL_MS = 1_000;
/** How long a watch waits for a restart of the server; it notes the first failure at once. */
const UNREACHABLE_MAX_MS = 60_000;

/** Throws a `ClientError` when the run does not exist, or the server does not answer for a minute. */
export async function watchPublication(
  session: Session,
  run: RunRef,
  options: WatchOptions,
): Promise<Watched> {
  const deadline = options.timeoutMs === undefined ? Infinity : Date.now() + options.timeoutMs;
  const cache = createStatusCache();
  const isDetached = (): boolean => options.signal?.aborted ?? false;
  let last: PublicationStatus | undefined;
  let lastText = '';
  let awaySinceMs: number | undefined;
  try {
    for (;;) {
      try {
        last = await readStatus(session, run, cache);
        awaySinceMs = undefined;
      } catch (error) {
        awaySinceMs ??= Date.now();
        if (last === undefined || !isOutage(error, Date.now() - awaySinceMs)) throw error;
        options.display.note(`${awayText(Date.now() - awaySinceMs)}; still trying`);
      }
      const text = options.onChange === undefined ? '' : JSON.stringify(last);
      if (text !== lastText) options.onChange?.(last);
      lastText = text;
      options.display.update(last);
      if (last.outcome !== 'running') return { status: last, end: 'closed' };
      if (options.untilHeld === true && waitsForApproval(last))
        return { status: last, end: 'held' };
      if (isDetached()) return { status: last, end: 'detached' };
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return { status: last, end: 'timeout' };
      await pause(Math.min(options.intervalMs ?? INTERVAL_MS, leftMs), options.signal);
      if (isDetached()) return { status: last, end: 'detached' };
    }
  } finally {
    options.display.end();
  }
}

function awayText(awayMs: number): string {
  if (awayMs < 1_000) return 'Temporal does not answer';
  return `Temporal has not answered for ${formatElapsed(awayMs)}`;
}

function isOutage(error: unknown, awayMs: number): boolean {
  return (
    error instanceof ClientError && error.kind === 'unreachable' && awayMs < UNREACHABLE_MAX_MS
  );
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}

/** While `body` runs, Ctrl-C and SIGTERM abort its signal instead of ending the process. */
export async function detachable<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const onSignal = (): void => abort.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    return await body(abort.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
