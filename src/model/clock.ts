/** The time that waits go by, passed in so that a test can move it. */

export interface Clock {
  /** In ms since 1970, as the wall clock has it. */
  now(): number;
  /** In ms since an arbitrary moment; never goes back. */
  elapsed(): number;
  /** Resolves after `ms`; rejects with an AbortError when `signal` aborts first. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}
