/** Ctrl-C, SIGTERM and SIGHUP: the first one stops in order, the second one at once. */

export interface InterruptOptions {
  /** Ends everything. The process exits even when this fails. */
  stop: () => Promise<void>;
  log: (line: string) => void;
}

const exitStatus = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Until the returned function is called, SIGINT, SIGTERM and SIGHUP run `stop` and then exit with 128 +
 * the signal's number. A second signal exits at once; the guard then ends the child processes.
 */
export function stopOnInterrupt({ stop, log }: InterruptOptions): () => void {
  let interrupted = false;
  const onSignal = (signal: keyof typeof exitStatus): void => {
    if (interrupted) process.exit(exitStatus[signal]);
    interrupted = true;
    log(`${signal}: stopping everything that was started. Press Ctrl-C again to stop at once.`);
    void stop()
      .catch((error: unknown) => log(String(error)))
      .finally(() => process.exit(exitStatus[signal]));
  };
  const signals = Object.keys(exitStatus) as (keyof typeof exitStatus)[];
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
