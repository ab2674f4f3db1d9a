/** What the workflows of runs answered last: a run whose history has not grown gives the same answer again. */

import { within } from '../model/within.js';
import type { Asked } from './progress-sources.js';
import type { RunRef } from './session.js';

/** A run as Temporal's server describes it, which takes no worker. */
export interface DescribedRun extends RunRef {
  /** How many events its history had before the question. */
  readonly historyLength: number;
  /** The last answer of a run that goes on may be shown for a moment while the worker is busy. */
  readonly isOpen: boolean;
}

interface Answer {
  readonly historyLength: number;
  readonly askedMs: number;
  readonly asked: Asked<unknown>;
}

interface Known {
  answer?: Answer;
  /** Of a question under way; it never rejects. */
  asking?: Promise<void>;
  error?: unknown;
  usedMs: number;
}

/** A worker that died answers no question, and its absence must show: so even a still run is asked this often. */
const ASK_AGAIN_MS = 3_000;
/** A worker answers within milliseconds. A busy one does not hold up the other runs. */
const LATE_MS = 1_000;
/** A reader that is not back by then has ended. */
const FORGOTTEN_MS = 60_000;

/**
 * Workflow code runs only when its history grows, so its progress stays the same until then. Heartbeats and
 * attempts of activities are not in the history: they come from the description, which is always read.
 */
export class ProgressMemory {
  readonly #known = new Map<string, Known>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The newest answer; that of `ask` where the run has moved, unless the worker is late with it. Rejects as `ask`. */
  async ask<P>(run: DescribedRun, ask: () => Promise<Asked<P>>): Promise<Asked<P>> {
    const known = this.#entry(run.runId);
    const isStill = known.answer?.historyLength === run.historyLength;
    if (known.answer !== undefined && (isStill || run.isOpen)) {
      if (!isStill || known.usedMs - known.answer.askedMs >= ASK_AGAIN_MS) {
        this.#begin(known, run, ask);
      }
      if (!isStill && known.asking !== undefined) await within(LATE_MS, known.asking);
    } else {
      // A question under way may be older than the run's last event.
      await known.asking;
      this.#begin(known, run, ask);
      await known.asking;
    }
    return newest<P>(known);
  }

  #entry(runId: string): Known {
    const usedMs = this.#nowMs();
    for (const [other, known] of this.#known) {
      if (usedMs - known.usedMs >= FORGOTTEN_MS) this.#known.delete(other);
    }
    const known = this.#known.get(runId) ?? { usedMs };
    known.usedMs = usedMs;
    this.#known.set(runId, known);
    return known;
  }

  /** One question at a time for each run. */
  #begin<P>(known: Known, { historyLength }: DescribedRun, ask: () => Promise<Asked<P>>): void {
    const askedMs = this.#nowMs();
    known.asking ??= ask()
      .then(
        (asked) => (known.answer = { historyLength, askedMs, asked }),
        (error: unknown) => (known.error = error),
      )
      .then(() => delete known.asking)
      .then(() => undefined);
  }
}

/** A failure is given once, and so is an answer without a progress: the next call asks anew. */
function newest<P>(known: Known): Asked<P> {
  const { answer, error } = known;
  if (error !== undefined || answer === undefined) {
    delete known.error;
    throw error;
  }
  if (answer.asked.progress === undefined) delete known.answer;
  return answer.asked as Asked<P>;
}
