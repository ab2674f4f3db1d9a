/** How far an attempt is, since when it got no further, and what holds it up: the contents of its heartbeat. */

import type { Hindrance } from '../../aws/obstacles.js';
import type { Heartbeat, Obstacle } from '../../model/progress/heartbeat.js';

export class AttemptState {
  #latest: Heartbeat;
  #movedAt: string;
  /** The furthest that is known, which may be an earlier attempt's. */
  #position: string;
  /** The oldest first. */
  readonly #obstacles = new Map<string, Obstacle>();

  /** `earlier`: the details of the last heartbeat of the attempt before, if there was one. */
  constructor(first: Heartbeat, earlier?: unknown) {
    const { movedAt } = (earlier ?? {}) as Partial<Heartbeat>;
    this.#latest = first;
    // To begin again is not progress.
    this.#movedAt = movedAt ?? new Date().toISOString();
    this.#position = positionOf(movedAt === undefined ? first : (earlier as Heartbeat));
  }

  /** True when the phase is a new one. */
  moved(next: Heartbeat): boolean {
    const isNewPhase = next.phase !== this.#latest.phase;
    this.#latest = next;
    const position = positionOf(next);
    if (position === this.#position) return isNewPhase;
    this.#position = position;
    this.#movedAt = new Date().toISOString();
    return isNewPhase;
  }

  /** False when it changes nothing. */
  hindered(what: string, hindrance: Hindrance | undefined): boolean {
    if (hindrance === undefined) return this.#obstacles.delete(what);
    const since = this.#obstacles.get(what)?.since ?? new Date().toISOString();
    this.#obstacles.set(what, { ...hindrance, since });
    return true;
  }

  beat(): Heartbeat {
    const [obstacle] = this.#obstacles.values();
    const movedAt = this.#movedAt;
    return { ...this.#latest, movedAt, ...(obstacle === undefined ? {} : { obstacle }) };
  }
}

function positionOf(beat: Heartbeat): string {
  return beat.kind === 'write' ? `${beat.phase} ${beat.bytes}` : `${beat.phase} ${beat.percent}`;
}
