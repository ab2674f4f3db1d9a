/** What a guest is working on: time must not jump while its programs really run on this machine. */

import type { Clock, Hold } from '../clock.js';

/** A guest can report any names; more than this are not kept. */
const namesMax = 1000;

export class GuestWork {
  readonly #clock: Clock;
  readonly #holds = new Map<string, Hold>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(name: string): void {
    if (this.#holds.has(name) || this.#holds.size >= namesMax) return;
    this.#holds.set(name, this.#clock.hold());
  }

  end(name: string): void {
    this.#holds.get(name)?.release();
    this.#holds.delete(name);
  }

  /** The guest sleeps for long, or is gone: what it does until its next piece of work holds no time. */
  endAll(): void {
    for (const name of [...this.#holds.keys()]) this.end(name);
  }

  async during<T>(work: Promise<T>): Promise<T> {
    const name = `script ${(this.#count += 1)}`;
    this.begin(name);
    try {
      return await work;
    } finally {
      // A turn later: by then the guest's pipe has been read, on which it reports the unit that it started.
      setImmediate(() => this.end(name));
    }
  }
}
