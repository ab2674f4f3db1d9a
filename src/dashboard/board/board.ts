/** What all visitors see: one reader of Temporal for all of them, which reports each change. */

import { within } from '../../model/within.js';
import type { BoardSource, BoardState } from './reading.js';
import { EMPTY_STATE, Reading } from './reading.js';

export type { BoardSource };

export interface BoardOptions {
  readonly source: BoardSource;
  /** Between two readings while someone looks. */
  readonly intervalMs?: number;
  readonly log?: (line: string) => void;
}

export interface BoardView extends BoardState {
  /** Grows with each change, and over a restart of the dashboard. */
  readonly version: number;
  /** ISO 8601; all of the view is at least as new as this. Null before the first reading. */
  readonly readAt: string | null;
  /** Why Temporal could not be read since then. */
  readonly trouble: string | null;
}

const INTERVAL_MS = 500;
/** Without visitors, one reading now and then keeps the first page of the next visitor short. */
const IDLE_INTERVAL_MS = 15_000;
/** A visitor of a page without scripts comes back within this time. */
const LOOKED_WITHIN_MS = 40_000;
/** The next reading does not wait longer for a publication that answers late. */
const LATE_MS = 500;
/** A view without visitors is not older than this; a page waits only for an older one, and no longer than `STALE_WAIT_MS`. */
const STALE_MS = 20_000;
const STALE_WAIT_MS = 1_000;
/** An act is done when this is over: its effect may show on the live page a little later. */
const REFRESH_MAX_MS = 3_000;
/** Answers of several publications within this time are one change for the visitors. */
const GATHER_MS = 100;

export class Board {
  readonly #reading: Reading;
  readonly #intervalMs: number;
  readonly #log: (line: string) => void;
  readonly #listeners = new Set<(view: BoardView) => void>();
  readonly #first: Promise<void>;
  #isRead: () => void = () => undefined;
  #view: BoardView = { ...EMPTY_STATE, version: Date.now(), readAt: null, trouble: null };
  #state = EMPTY_STATE;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ source, intervalMs = INTERVAL_MS, log = () => undefined }: BoardOptions) {
    this.#reading = new Reading(source, () => this.#show());
    this.#intervalMs = intervalMs;
    this.#log = log;
    this.#first = new Promise((resolve) => (this.#isRead = resolve));
    this.#schedule(0);
  }

  /** The state for a page. Only the first visitor waits for Temporal. */
  async look(): Promise<BoardView> {
    this.#lookedAt();
    await this.#first;
    const { readAt, trouble } = this.#view;
    const ageMs = readAt === null ? 0 : Date.now() - Date.parse(readAt);
    if (ageMs > STALE_MS && trouble === null) await within(STALE_WAIT_MS, this.#reading.read());
    return this.#view;
  }

  /** Reads now: after an act, its effect is on the next page. */
  async refresh(): Promise<void> {
    // What is being read may have been asked for before the act.
    const read = this.#reading.settled().then(() => this.#reading.read());
    await within(REFRESH_MAX_MS, read);
  }

  /** Calls `listener` after each change; returns what ends this. */
  subscribe(listener: (view: BoardView) => void): () => void {
    this.#lookedAt();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get view(): BoardView {
    return this.#view;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#gathering);
    await within(LATE_MS, this.#reading.settled());
  }

  #lookedAt(): void {
    const wasIdle = !this.#isLookedAt();
    this.#lookedAtMs = performance.now();
    if (wasIdle) this.#schedule(0);
  }

  #isLookedAt(): boolean {
    return this.#listeners.size > 0 || performance.now() - this.#lookedAtMs < LOOKED_WITHIN_MS;
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void within(LATE_MS, this.#reading.read()).then(() =>
        this.#schedule(this.#isLookedAt() ? this.#intervalMs : IDLE_INTERVAL_MS),
      );
    }, afterMs);
  }

  /** Takes over what the reading has now. */
  #show(): void {
    const { state, error, readAtMs } = this.#reading;
    const { version, ...before } = this.#view;
    const trouble = error === undefined ? null : messageOf(error);
    const readAt = readAtMs === undefined ? null : new Date(readAtMs).toISOString();
    if (trouble !== null && trouble !== before.trouble) {
      this.#log(`the page is not up to date: ${trouble}`);
    }
    const isFirst = before.readAt === null && readAt !== null;
    const isChanged = state !== this.#state || trouble !== before.trouble || isFirst;
    this.#state = state;
    this.#view = {
      ...{ ...state, trouble, version: version + (isChanged ? 1 : 0) },
      readAt: readAt ?? before.readAt,
    };
    if (readAt !== null || trouble !== null) this.#isRead();
    if (isChanged) this.#report();
  }

  #report(): void {
    if (this.#isClosed) return;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      for (const listener of this.#listeners) listener(this.#view);
    }, GATHER_MS);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
