/** Many calls, at most `atOnce` at the same time, so that a server is not overloaded. */

/** The answers in the order of `items`; after a failure it starts no further call. */
export async function sideBySide<T, R>(
  items: readonly T[],
  atOnce: number,
  call: (item: T) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  const queue = [...items.entries()].values();
  let failed = false;
  const callNext = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        answers[index] = await call(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, callNext));
  return answers;
}
