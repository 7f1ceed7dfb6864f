// The same for many things, some at a time.

/** Resolves when all is done; what rejects is `work`'s own to tell. */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]()
  const one = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next())
      await work(next.value)
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}
