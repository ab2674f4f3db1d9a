/** A time limit whose timer says in Temporal's history what it is for. */

import { CancellationScope, sleep } from '@temporalio/workflow';

/** Cancels what `body` waits for when `patienceMs` are over; `summary` stands beside the timer. */
export async function withinPatience<T>(
  patienceMs: number,
  summary: string,
  body: () => Promise<T>,
): Promise<T> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const timer = new CancellationScope();
    timer
      .run(() => sleep(patienceMs, { summary }))
      .then(
        () => scope.cancel(),
        // The body ended first, or the run is cancelled.
        () => undefined,
      );
    try {
      return await body();
    } finally {
      timer.cancel();
    }
  });
}
