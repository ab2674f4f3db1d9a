/** Waits for all of several acts: nothing runs on behind what has ended. */

/** Resolves when all have; else throws the first failure, but only after the last has ended. */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
