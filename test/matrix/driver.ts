/** Drives activities as Temporal and the workflow do: attempts while a failure may be retried, new machines for lost ones. */

import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { FailureDetails } from '../../src/model/errors.js';
import type { Act } from './acts.js';
import { undo } from './acts.js';
import type { Step } from './steps.js';
import { HOME } from './cells.js';
import type { Trap } from './traps.js';
import type { Attempt, MatrixWorker, Turn, World } from './world.js';

export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'cancelled' }
  /** No retry mends it. */
  | { readonly kind: 'final'; readonly failure: ApplicationFailure }
  /** Retried until the bound; on a real server that is the schedule-to-close time-out. */
  | { readonly kind: 'exhausted'; readonly failure: ApplicationFailure };

/** What happens to the attempt that runs into the trap. */
export type OnCaught =
  /** kill -9; a new process goes on. */
  | 'kill'
  | 'cancel'
  /** A second attempt is made beside it on another worker; the first goes on when that one has begun. */
  | 'rival'
  | ((world: World) => Promise<void>);

export interface Disturbance {
  readonly trap: Trap;
  readonly onCaught: OnCaught;
}

const ATTEMPTS_MAX = 8;
/** Attempts that an outage outlasts; each has the SDK's own three calls. */
const OUTAGE_ATTEMPTS = 2;
const PAUSE_MS = 10;

type Settled =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };

export class Driver {
  readonly #world: World;
  readonly #step: Step;
  readonly #outlasts: boolean;
  worker: MatrixWorker;
  #disturbance: Disturbance | undefined;

  constructor(
    world: World,
    step: Step,
    worker: MatrixWorker,
    options: {
      readonly disturbance?: Disturbance;
      /** An outage that outlasts every patience: the act was first tried long ago. */
      readonly outlasts?: boolean;
    } = {},
  ) {
    this.#world = world;
    this.#step = step;
    this.worker = worker;
    this.#disturbance = options.disturbance;
    this.#outlasts = options.outlasts ?? false;
  }

  /** All acts in their order; a lost machine is replaced as the workflow replaces it. */
  async run(acts: readonly Act[] = this.#step.acts): Promise<Outcome> {
    const { state } = this.#world;
    const { anew } = this.#step;
    let queue = [...acts];
    for (;;) {
      const outcome = await this.#runAll(queue);
      if (anew === undefined || outcome.kind !== 'final' || !isLost(outcome.failure)) {
        return outcome;
      }
      state[anew.counter] += 1;
      if (state[anew.counter] >= anew.max) return outcome;
      const undone = await this.act(undo(HOME, anew.undo));
      if (undone.kind !== 'done') return undone;
      queue = [...anew.acts];
    }
  }

  async #runAll(acts: readonly Act[]): Promise<Outcome> {
    for (const act of acts) {
      const outcome = await this.act(act);
      if (outcome.kind !== 'done') return outcome;
    }
    return { kind: 'done' };
  }

  async act(act: Act): Promise<Outcome> {
    let last: ApplicationFailure | undefined;
    const attemptsMax = this.#outlasts ? OUTAGE_ATTEMPTS : ATTEMPTS_MAX;
    const scheduledMs = this.#outlasts ? 0 : Date.now();
    for (let number = 1; number <= attemptsMax; number += 1) {
      const settled = await this.#attempt(act, { number, scheduledMs });
      if (settled === 'killed') continue;
      if (settled.ok) {
        act.keep(this.#world.state, settled.result);
        if (act.goesOn?.(this.#world.state) === true) continue;
        return { kind: 'done' };
      }
      const { error } = settled;
      if (error instanceof CancelledFailure) return { kind: 'cancelled' };
      if (!(error instanceof ApplicationFailure)) throw error;
      if (error.nonRetryable === true) return { kind: 'final', failure: error };
      last = error;
      await delay(PAUSE_MS);
    }
    if (last === undefined) throw new TypeError(`${act.activity} was killed in every attempt`);
    return { kind: 'exhausted', failure: last };
  }

  async #attempt(act: Act, turn: Turn): Promise<Settled | 'killed'> {
    const running = this.worker.attempt(act, turn);
    const settling = settle(running);
    const disturbance = this.#disturbance;
    if (disturbance === undefined) return settling;
    const { trap, onCaught } = disturbance;
    const caught = await Promise.race([settling.then(() => false), trap.reached.then(() => true)]);
    if (!caught) return settling;
    this.#disturbance = undefined;
    if (onCaught === 'kill') return this.#kill(running);
    if (onCaught === 'rival') return this.#race(act, { turn, trap, settling });
    if (onCaught === 'cancel') running.cancel();
    else await onCaught(this.#world);
    trap.release();
    return settling;
  }

  async #kill(running: Attempt): Promise<'killed'> {
    this.worker.kill();
    // Nothing leaves it any more; only its timers have to end.
    running.cancel();
    this.worker = await this.#world.worker();
    return 'killed';
  }

  /** The server takes the second attempt's result; the first one's is refused. */
  async #race(
    act: Act,
    first: { readonly turn: Turn; readonly trap: Trap; readonly settling: Promise<Settled> },
  ): Promise<Settled> {
    this.worker = await this.#world.worker();
    const { number, scheduledMs } = first.turn;
    const rival = settle(this.worker.attempt(act, { number: number + 1, scheduledMs }));
    const { aws, source, broker } = this.worker.traps;
    const begun = (): boolean => aws.calls.length + source.calls.length + broker.calls.length > 0;
    const ended = rival.then(() => true);
    while (!begun()) {
      if (await Promise.race([ended, delay(2, false)])) break;
    }
    first.trap.release();
    const [settled] = await Promise.all([rival, first.settling]);
    return settled;
  }
}

/** An attempt that hangs would hold up all the others. */
const ATTEMPT_MS_MAX = 100_000;

async function settle(attempt: Attempt): Promise<Settled> {
  const bound = delay(ATTEMPT_MS_MAX, undefined, { ref: false }).then(() => {
    attempt.cancel();
    throw new Error(`an attempt has not ended within ${ATTEMPT_MS_MAX / 1000} s`);
  });
  try {
    return { ok: true, result: await Promise.race([attempt.result, bound]) };
  } catch (error) {
    return { ok: false, error };
  }
}

export function detailsOf(failure: ApplicationFailure): FailureDetails | undefined {
  return failure.details?.[0] as FailureDetails | undefined;
}

function isLost(failure: ApplicationFailure): boolean {
  return detailsOf(failure)?.class === 'lost';
}
