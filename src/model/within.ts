/** Waiting that has an end, for work that may go on without the waiter. */

/** Waits for `work`, but no longer than `ms`; the work goes on. Rejects when the work does. */
export async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
