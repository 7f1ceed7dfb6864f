// Few writes at once to one pool. Each keeps one of the four threads that Node.js has for files:
// on a disk that does not answer, those of one pool must not be all of them.

interface Turns {
  free: number
  readonly waiting: (() => void)[]
}

const AT_ONCE = 2

const pools = new Map<string, Turns>()

/** @param path of a file of a pool */
export async function inDiskTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
  const pool = rootOf(path)
  const turns = pools.get(pool) ?? { free: AT_ONCE, waiting: [] }
  pools.set(pool, turns)
  if (turns.free > 0) turns.free--
  else await new Promise<void>((resolve) => turns.waiting.push(resolve))
  try {
    return await work()
  } finally {
    const next = turns.waiting.shift()
    if (next !== undefined) next()
    else if (++turns.free === AT_ONCE) pools.delete(pool)
  }
}

function rootOf(path: string): string {
  return path.split('/conf/', 1)[0] ?? path
}
