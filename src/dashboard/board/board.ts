/** What all visitors see: one reader of Temporal for all of them, which reports each change. */

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
  /** Grows with each change. */
  readonly version: number;
  /** ISO 8601; of the last reading that succeeded, or null before the first. */
  readonly readAt: string | null;
  /** Why Temporal could not be read since then. */
  readonly trouble: string | null;
}

const INTERVAL_MS = 700;
/** Without visitors, one reading now and then keeps the first page of the next visitor short. */
const IDLE_INTERVAL_MS = 15_000;
/** A visitor of a page without scripts comes back within this time. */
const LOOKED_WITHIN_MS = 40_000;
/** A page may be this old; an older one waits for a reading. */
const FRESH_MS = 2_000;

export class Board {
  readonly #reading: Reading;
  readonly #intervalMs: number;
  readonly #log: (line: string) => void;
  readonly #listeners = new Set<(view: BoardView) => void>();
  #view: BoardView = { ...EMPTY_STATE, version: 0, readAt: null, trouble: null };
  #known = '';
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #read: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ source, intervalMs = INTERVAL_MS, log = () => undefined }: BoardOptions) {
    this.#reading = new Reading(source);
    this.#intervalMs = intervalMs;
    this.#log = log;
    this.#schedule(0);
  }

  /** The state for a page: at most two seconds old, unless Temporal does not answer. */
  async look(): Promise<BoardView> {
    const wasIdle = !this.#isLookedAt();
    this.#lookedAtMs = performance.now();
    if (wasIdle) this.#schedule(0);
    const ageMs =
      this.#view.readAt === null ? Infinity : Date.now() - Date.parse(this.#view.readAt);
    if (ageMs > FRESH_MS && this.#view.trouble === null) await this.refresh();
    return this.#view;
  }

  /** Reads now: after an act, its effect is on the next page. */
  async refresh(): Promise<void> {
    this.#read ??= this.#readOnce().finally(() => (this.#read = undefined));
    await this.#read;
  }

  /** Calls `listener` after each change; returns what ends this. */
  subscribe(listener: (view: BoardView) => void): () => void {
    const wasIdle = !this.#isLookedAt();
    this.#listeners.add(listener);
    if (wasIdle) this.#schedule(0);
    return () => this.#listeners.delete(listener);
  }

  get view(): BoardView {
    return this.#view;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#read;
  }

  #isLookedAt(): boolean {
    return this.#listeners.size > 0 || performance.now() - this.#lookedAtMs < LOOKED_WITHIN_MS;
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.refresh().then(() =>
        this.#schedule(this.#isLookedAt() ? this.#intervalMs : IDLE_INTERVAL_MS),
      );
    }, afterMs);
  }

  async #readOnce(): Promise<void> {
    try {
      const state = await this.#reading.read();
      const text = JSON.stringify(state);
      const isChanged = text !== this.#known || this.#view.trouble !== null;
      this.#known = text;
      this.#show({ ...state, readAt: new Date().toISOString(), trouble: null }, isChanged);
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (this.#view.trouble !== trouble) this.#log(`the page is not up to date: ${trouble}`);
      this.#show({ ...this.#view, trouble }, this.#view.trouble !== trouble);
    }
  }

  #show(view: Omit<BoardView, 'version'>, isChanged: boolean): void {
    this.#view = { ...view, version: this.#view.version + (isChanged ? 1 : 0) };
    if (!isChanged) return;
    for (const listener of this.#listeners) listener(this.#view);
  }
}
