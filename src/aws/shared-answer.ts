/**
 * One answer for all that ask a region the same at about the same time. The images of a compose are planned side by
 * side: 16 images in 33 regions would ask for the same block and the same quota 528 times, and AWS would throttle them.
 */

import type { Clock } from '../model/clock.js';
import type { ObstacleSink } from './obstacles.js';
import { obstacleSink, reportingObstacles } from './obstacles.js';

export interface SharedAnswerOptions<T> {
  readonly clock: Clock;
  /** A kept answer is given again for so long, in milliseconds. */
  readonly keptMs: number;
  /** `signal` aborts when all that wait have given up. */
  ask(signal: AbortSignal): Promise<T>;
  /** By default each answer is kept. What an operator has to mend is not: it is asked for again at once. */
  isKept?(answer: T): boolean;
}

interface Asked<T> {
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  /** Of the attempts that wait. */
  readonly sinks: Set<ObstacleSink>;
  waiting: number;
}

export class SharedAnswer<T> {
  readonly #options: SharedAnswerOptions<T>;
  #asked: Asked<T> | undefined;
  #kept: { readonly answer: T; readonly untilMs: number } | undefined;
  #forgotten = 0;

  constructor(options: SharedAnswerOptions<T>) {
    this.#options = options;
  }

  /** Rejects with AWS's error, which is not kept, or when `signal` aborts. */
  async get(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const kept = this.#kept;
    if (kept !== undefined && this.#options.clock.elapsed() < kept.untilMs) return kept.answer;
    const asked = (this.#asked ??= this.#begin());
    const sink = obstacleSink();
    if (sink !== undefined) asked.sinks.add(sink);
    asked.waiting += 1;
    try {
      return await orAborted(asked.answer, signal);
    } finally {
      if (sink !== undefined) asked.sinks.delete(sink);
      asked.waiting -= 1;
      if (asked.waiting === 0) this.#end(asked);
    }
  }

  /** The next one that asks gets a new answer. An answer that is on its way goes only to those that wait for it now: it may be old. */
  forget(): void {
    this.#forgotten += 1;
    this.#kept = undefined;
    this.#asked = undefined;
  }

  #begin(): Asked<T> {
    const controller = new AbortController();
    const sinks = new Set<ObstacleSink>();
    const report: ObstacleSink = (what, hindrance) => {
      for (const sink of sinks) sink(what, hindrance);
    };
    const answer = reportingObstacles(report, () => this.#ask(controller.signal));
    return { answer, controller, sinks, waiting: 0 };
  }

  async #ask(signal: AbortSignal): Promise<T> {
    const options = this.#options;
    const forgotten = this.#forgotten;
    const answer = await options.ask(signal);
    const untilMs = options.clock.elapsed() + options.keptMs;
    const isKept = forgotten === this.#forgotten && options.isKept?.(answer) !== false;
    if (isKept) this.#kept = { answer, untilMs };
    return answer;
  }

  /** Called when the answer is there, or when the last one that waited has given up. */
  #end(asked: Asked<T>): void {
    asked.controller.abort();
    if (this.#asked === asked) this.#asked = undefined;
  }
}

/** What `work` gives; rejects with the signal's reason when that comes first. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}
