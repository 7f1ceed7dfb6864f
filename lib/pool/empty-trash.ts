// Empties a pool's trash from time to time.

import type { Pool } from './pool.js'

/** As vpsAdminOS does. */
const EVERY_MS = 6 * 60 * 60 * 1000

/** Until the pool is let go of. It keeps no process from ending. */
export function emptyTrash({ name, trash, released }: Pool): void {
  if (trash === null) return
  let under: Promise<unknown> | null = null
  const timer = setInterval(() => {
    under ??= trash
      .prune({ signal: released })
      .catch((error: unknown) => {
        if (released.aborted) return
        const reason = error instanceof Error ? error.message : String(error)
        process.emitWarning(`trash of pool ${name}: ${reason}`, { code: 'VPSADMINOS_TRASH' })
      })
      .finally(() => (under = null))
  }, EVERY_MS).unref()
  released.addEventListener('abort', () => clearInterval(timer), { once: true })
}
