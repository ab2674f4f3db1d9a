/** What the workflows of open runs answered: a run whose history has not grown gives the same answer again. */

import type { Asked } from './progress-sources.js';
import type { RunRef } from './session.js';

/** A run as Temporal's server describes it, which takes no worker. */
export interface DescribedRun extends RunRef {
  /** How many events its history had before the question. */
  readonly historyLength: number;
}

interface Answer {
  readonly historyLength: number;
  readonly askedMs: number;
  readonly asked: Asked<unknown>;
}

/** A worker that died answers no question, and its absence must show: so even a still run is asked this often. */
const ASK_AGAIN_MS = 5_000;

/**
 * Workflow code runs only when its history grows, so its progress stays the same until then. Heartbeats and
 * attempts of activities are not in the history: they come from the description, which is always read.
 */
export class ProgressMemory {
  readonly #answers = new Map<string, Answer>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The kept answer, or that of `ask`. An answer without a progress is not kept. */
  async ask<P>(
    { runId, historyLength }: DescribedRun,
    ask: () => Promise<Asked<P>>,
  ): Promise<Asked<P>> {
    const askedMs = this.#nowMs();
    this.#forget(askedMs);
    const known = this.#answers.get(runId);
    if (known?.historyLength === historyLength) return known.asked as Asked<P>;
    const asked = await ask();
    if (asked.progress !== undefined) this.#answers.set(runId, { historyLength, askedMs, asked });
    return asked;
  }

  #forget(nowMs: number): void {
    for (const [runId, { askedMs }] of this.#answers) {
      if (nowMs - askedMs >= ASK_AGAIN_MS) this.#answers.delete(runId);
    }
  }
}
