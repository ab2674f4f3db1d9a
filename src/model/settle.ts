/** Waits for several acts together, so that each has ended when the caller continues. */

/** Resolves when all have resolved. Throws the first failure, but only after the last act has ended. */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
