// A file that is broken is told by its pool, which has all others.

import type { Pool } from './pool.js'

export async function skipBroken(
  pool: Pool,
  path: string,
  load: () => Promise<void>,
): Promise<void> {
  try {
    await load()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    pool.broken.push({ path, reason: error.message })
  }
}
