/** Answers that many visitors share: read once, kept for a while. */

interface Kept<T> {
  readonly value: Promise<T>;
  readonly untilMs: number;
}

const ENTRIES_MAX = 200;

export class Memory<T> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #keepMs: number;
  readonly #entriesMax: number;

  constructor(keepMs: number, entriesMax = ENTRIES_MAX) {
    this.#keepMs = keepMs;
    this.#entriesMax = entriesMax;
  }

  /** The kept answer, or that of `read`. A failure is not kept. */
  get(key: string, read: () => Promise<T>): Promise<T> {
    const nowMs = performance.now();
    const known = this.#kept.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.value;
    this.#kept.delete(key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= this.#entriesMax && oldest !== undefined) this.#kept.delete(oldest);
    const value = read();
    this.#kept.set(key, { value, untilMs: nowMs + this.#keepMs });
    value.catch(() => this.#kept.delete(key));
    return value;
  }

  clear(): void {
    this.#kept.clear();
  }
}
