/** A child process that ends unasked ends the command that started it. */

export interface UnexpectedEnd {
  /** Rejects when a child has ended unasked. */
  readonly happened: Promise<never>;
  readonly report: (error: Error) => void;
}

export function watchForUnexpectedEnd(): UnexpectedEnd {
  let report: (error: Error) => void = () => undefined;
  const happened = new Promise<never>((_, reject) => {
    report = reject;
  });
  // Whoever waits for it is told; nobody may be waiting yet.
  happened.catch(() => undefined);
  return { happened, report };
}
