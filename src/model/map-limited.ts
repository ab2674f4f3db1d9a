/** Calls for many items, a few at a time, so that a server is not asked for all of them at once. */

/** The results in the order of `items`. After a failure no further call begins, and the failure is thrown. */
export async function mapLimited<T, R>(
  items: readonly T[],
  callsAtOnce: number,
  call: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()].values();
  let failed = false;
  const callNext = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        results[index] = await call(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, callNext));
  return results;
}
