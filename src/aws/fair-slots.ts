/** A limited number of slots, shared out in turn: who wants many does not keep those waiting who want few. */

interface Waiting {
  readonly take: () => void;
}

export class FairSlots {
  #free: number;
  /** The first key is the next to be served; each key's own are served in their order. */
  readonly #queues = new Map<string, Waiting[]>();
  readonly #onFree = new Set<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Whether the next one would wait. */
  get isFull(): boolean {
    return this.#free <= 0;
  }

  /** How many wait. */
  get waiting(): number {
    return [...this.#queues.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Does the work when it has a slot. Rejects with the reason when `signal` aborts before. */
  async hold<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#slot(key, signal);
    try {
      return await work();
    } finally {
      this.#free += 1;
      this.#serve();
      for (const wake of [...this.#onFree]) wake();
    }
  }

  /** Resolves when some work has ended since, or when `signal` aborts. */
  nextEnd(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#onFree.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#onFree.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #slot(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const queue = this.#queues.get(key) ?? [];
      this.#queues.set(key, queue);
      const leave = (): void => {
        queue.splice(queue.indexOf(one), 1);
        if (queue.length === 0) this.#queues.delete(key);
      };
      const abort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const one: Waiting = {
        take: () => {
          leave();
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      queue.push(one);
      signal.addEventListener('abort', abort, { once: true });
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#free > 0) {
      const [next] = this.#queues;
      if (next === undefined) return;
      const [key, queue] = next;
      const [first] = queue;
      this.#free -= 1;
      first?.take();
      // To the end of the round.
      if (!this.#queues.delete(key)) continue;
      this.#queues.set(key, queue);
    }
  }
}
